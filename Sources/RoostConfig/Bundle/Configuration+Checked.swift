import RoostProtocol

extension CheckedConfiguration {
    init(_ configuration: Configuration) {
        self.init()
        supervisor = CheckedSupervisor(configuration.supervisor)
        limits = CheckedLimits(configuration.limits)
        workers = configuration.workers.map { CheckedWorker($0) }
        sections = configuration.sections.map { section in
            var message = CheckedSection()
            message.name = section.worker
            message.content = section.content
            return message
        }
    }
}

extension Configuration {
    init(_ message: CheckedConfiguration) throws(BundleError) {
        supervisor = try SupervisorSettings(CheckedValue.present(message.supervisor, "supervisor"))
        limits = try SharedLimits(message.limits)
        var workers: [WorkerSpecification] = []
        for worker in message.workers { workers.append(try WorkerSpecification(worker)) }
        let names = Set(workers.map(\.name))
        guard names.count == workers.count else { throw .invalid("workers") }
        guard workers.allSatisfy({ $0.after.allSatisfy(names.contains) }) else { throw .invalid("after") }
        self.workers = workers
        sections = message.sections.map { Section(worker: $0.name, content: $0.content) }
    }
}
