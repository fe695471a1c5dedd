import CLinux
import Glibc
import RoostTestSupport

/// A program that ran to its end: its status, and what it wrote, taken apart.
struct FinishedRun {
    let status: Int32
    let output: String
    let errors: String

    /// - Parameter arguments: the first is the program, one of ours where it is no path.
    static func of(
        _ arguments: String...,
        environment: [String] = [],
        within limit: Duration = .seconds(60)
    ) async throws -> FinishedRun {
        try await of(arguments, environment: environment, within: limit)
    }

    static func of(
        _ arguments: [String],
        environment: [String] = [],
        within limit: Duration = .seconds(60)
    ) async throws -> FinishedRun {
        let scratch = try Scratch()
        let output = roost_open(scratch.file("out"), O_RDWR | O_CREAT, 0o644)
        defer { close(output) }
        let program = arguments[0].hasPrefix("/") ? arguments[0] : Program.path(arguments[0])
        let child = try Child(
            "/bin/sh",
            ["-c", "exec \"$@\" 2>\"$0\"", scratch.file("err"), program] + arguments.dropFirst(),
            environment: ["PATH=/usr/bin:/bin"] + environment,
            output: output
        )
        let status = try await child.ended(within: limit)
        return FinishedRun(
            status: status,
            output: Scratch.text(scratch.file("out")),
            errors: Scratch.text(scratch.file("err"))
        )
    }
}
