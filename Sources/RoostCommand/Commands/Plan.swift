import ArgumentParser
import Glibc
import RoostProtocol

/// `roost plan`
struct Plan: Command {
    static let configuration = CommandConfiguration(
        commandName: "plan",
        abstract: "Say what a reload would do to every worker, and do nothing."
    )

    @Argument(
        help: "Another configuration instead of roostd's own; for those who may change it.",
        completion: .file(extensions: ["yaml"])
    )
    var file: String?

    @OptionGroup var globals: GlobalOptions

    func validate() throws {
        if let file, file.isEmpty { throw ValidationError("the file's name is empty") }
    }

    func perform(_ call: Call) async throws {
        var request = PlanRequest()
        request.file = file.map(Self.absolute) ?? ""
        // Reading the files has a limit of roostd's.
        let reply: PlanReply = try await call.ask(.plan, request, within: nil)
        try PlanOutcome(reply).say(on: call)
    }

    /// As roostd, which has another working directory, has to name it.
    private static func absolute(_ file: String) -> String {
        guard !file.hasPrefix("/") else { return file }
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        guard getcwd(&buffer, buffer.count) != nil else { return file }
        let directory = String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return "\(directory)/\(file)"
    }
}
