/// Settings as they are when nothing is written: the defaults of the schema. A starting point for tests, and for code
/// that runs before there is a configuration.
extension SupervisorSettings {
    package static var standard: SupervisorSettings { Configuration.standard.supervisor }
}

extension SharedLimits {
    package static var standard: SharedLimits { Configuration.standard.limits }
}

extension ProxySettings {
    package static var standard: ProxySettings {
        var validation = Validation()
        return ProxySettings(validation.check(nil, as: RoostSchema.proxy, file: ""))
    }
}

extension WorkerSpecification {
    /// The entry `NAME: {}`, or `NAME: { command: … }` where `command` is given.
    package static func standard(_ name: String, command: [String] = []) -> WorkerSpecification {
        var validation = Validation()
        let setting = validation.check(nil, as: RoostSchema.worker, file: "")
        var worker = WorkerSpecification(name: name, setting, listeners: [], directory: "/", machine: .none)
        guard !command.isEmpty else { return worker }
        worker.program = .plain(command)
        worker.heartbeat = nil
        return worker
    }
}

extension Configuration {
    /// That of an empty file.
    package static var standard: Configuration {
        ConfigurationText(main: ParsedFile(path: "", node: nil), rules: [], variables: [:], directory: "/")
            .check(machine: .none).configuration
    }
}

extension Machine {
    /// Has nobody and nothing.
    static let none = Machine(user: { _ in nil }, group: { _ in nil }, hasWorker: { _ in false })
}
