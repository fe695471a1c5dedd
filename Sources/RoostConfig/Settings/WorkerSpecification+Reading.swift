extension WorkerSpecification {
    /// From a checked entry of `workers`. `directory` is where relative paths start.
    init(name: String, _ setting: Setting, listeners: [Listener], directory base: String, machine: Machine) {
        self.name = name
        let command = setting.texts("command")
        program =
            if command.isEmpty {
                .worker(executable: setting["executable"].text.map { FilePath.resolve($0, from: base) })
            } else {
                .plain(Self.resolved(command, from: base))
            }
        directory = setting["directory"].text.map { FilePath.resolve($0, from: base) }
        instances = setting.integer("instances")
        restart = setting.word("restart", else: .permanent)
        strategy = setting["strategy"].word("kind", else: .oneForOne)
        strategyGroup = setting["strategy"].text("group")
        intensity = Intensity(
            restarts: setting["intensity"].integer("restarts"),
            period: setting["intensity"].duration("period"),
            then: setting["intensity"].word("then", else: .quarantine)
        )
        backoff = Backoff(base: setting["backoff"].duration("base"), maximum: setting["backoff"].duration("max"))
        healthyAfter = setting.duration("healthy_after")
        heartbeat = command.isEmpty ? Heartbeat(setting["heartbeat"]) : nil
        startTimeout = setting.duration("start_timeout")
        drain = setting.duration("drain")
        stopTimeout = setting.duration("stop_timeout")
        memory = Memory(soft: setting["memory"].optional("soft"), hard: setting["memory"].optional("hard"))
        after = setting.texts("after")
        account = Account(setting, machine: machine)
        environment = Environment(setting["environment"])
        nice = setting.integer("nice")
        oomScoreAdjust = setting.integer("oom_score_adjust")
        limits = ResourceLimits(setting["limits"])
        self.listeners = listeners
    }

    /// A program with a `/` in its name is a path like any other; one without is looked for on PATH.
    private static func resolved(_ command: [String], from base: String) -> [String] {
        guard let program = command.first, program.contains("/") else { return command }
        return [FilePath.resolve(program, from: base)] + command.dropFirst()
    }
}

extension WorkerSpecification.Heartbeat {
    /// An interval that nobody wrote makes room for a short deadline.
    init(_ setting: Setting) {
        deadline = setting.duration("deadline")
        let written = setting.duration("interval")
        interval = setting["interval"].origin == .fallback ? min(written, deadline / 2) : written
    }
}

extension WorkerSpecification.Account {
    /// Nil where neither user nor group is written, or where one of them does not exist (the checks say so).
    init?(_ setting: Setting, machine: Machine) {
        let group = setting["group"].text.flatMap(machine.group)
        guard let name = setting["user"].text, var account = machine.user(name) else { return nil }
        if let group {
            account.group = group
            if !account.groups.contains(group) { account.groups.append(group) }
        }
        self = account
    }
}

extension WorkerSpecification.Environment {
    init(_ setting: Setting) {
        guard case .environment(let variables) = setting.value else {
            self.init(pass: Self.alwaysPassed, set: [])
            return
        }
        let set = variables.compactMap { name, value in
            value.map { WorkerSpecification.Variable(name: name, value: $0) }
        }
        let asked = variables.filter { $0.value == nil }.map(\.name)
        let names = Self.alwaysPassed + asked.filter { !Self.alwaysPassed.contains($0) }
        self.init(pass: names.filter { name in !set.contains { $0.name == name } }, set: set)
    }
}

extension WorkerSpecification.ResourceLimits {
    init(_ setting: Setting) {
        func limit(_ name: String) -> UInt64? { setting[name].integer.map { UInt64(clamping: $0) } }
        openFiles = limit("open_files")
        processes = limit("processes")
        core = limit("core")
        fileSize = limit("file_size")
        addressSpace = limit("address_space")
        stack = limit("stack")
        lockedMemory = limit("locked_memory")
    }
}
