import ArgumentParser

extension CompletionKind {
    /// The workers of the running supervisor. Asked in the shell with the same command, so that completion works for
    /// whatever runs there; nothing is offered when nobody answers.
    static var workers: CompletionKind {
        .shellCommand("roost status --json 2>/dev/null | sed -n 's/^      \"name\": \"\\(.*\\)\",$/\\1/p' | sort -u")
    }
}
