import ArgumentParser

/// Options that every command takes, before or after its name: the root command and each command declare the same
/// group, and ArgumentParser fills it once from wherever they stand.
struct GlobalOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The supervisor's runtime directory (ROOST_RUNTIME; else /run/roost if roostd runs there, else .roost/run).",
            valueName: "dir"
        ),
        completion: .directory
    )
    var runtime: String?

    @Flag(help: "Answer in JSON with stable keys.")
    var json = false
}
