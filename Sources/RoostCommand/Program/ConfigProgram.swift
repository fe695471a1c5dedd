/// Runs `roost-config`, the one program that reads YAML.
struct ConfigProgram {
    static let name = "roost-config"
    private let world: World

    init(_ world: World) { self.world = world }

    /// Where it is installed; nil: nowhere.
    var path: String? { world.program(Self.name) }

    /// Lets it print, errors exactly as it words them.
    ///
    /// - Throws: `CommandFailure` with status 1 when it finds errors: they are its own lines, nothing is added.
    func run(_ verb: String, _ file: String, asJSON: Bool) throws {
        let run = try finished(verb, file, asJSON: asJSON)
        guard world.write(run.output, .output) else { throw ReaderGone() }
        _ = world.write(run.errors, .errors)
        if run.status != 0 { throw AlreadySaid(status: .failed) }
    }

    /// Runs it to its end.
    func finished(_ verb: String, _ file: String, asJSON: Bool) throws -> ProgramRun {
        guard let path else {
            let places = world.programFolders.joined(separator: " or ")
            throw CommandFailure(code: "not_installed", "\(Self.name) is not in \(places); install Roost again")
        }
        return try ProgramRun(path, [verb] + (asJSON ? ["--json"] : []) + ["--", file])
    }
}

/// A failure whose words are written already.
struct AlreadySaid: Error, Equatable {
    let status: CommandFailure.Status
}
