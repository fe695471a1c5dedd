/// One file as a tree; nil where it is empty.
package struct ParsedFile: Sendable {
    /// As the operator named it.
    package var path: String
    package var node: ConfigurationNode?

    package init(path: String, node: ConfigurationNode?) {
        self.path = path
        self.node = node
    }
}

/// All text of a configuration, parsed: the step from trees to a configuration, with every fault on the way.
package struct ConfigurationText: Sendable {
    package var main: ParsedFile
    /// The files of `rules.d/`.
    package var rules: [ParsedFile]
    /// The environment of `roostd`.
    package var variables: [String: String]
    /// Absolute; where relative paths start.
    package var directory: String

    package init(main: ParsedFile, rules: [ParsedFile], variables: [String: String], directory: String) {
        self.main = main
        self.rules = rules
        self.variables = variables
        self.directory = directory
    }

    /// What came out. `configuration` is of use only when no finding is an error.
    package struct Outcome: Sendable {
        package var configuration: Configuration
        /// Sorted.
        package var findings: [Finding]
        /// The effective values of `roost.yaml`, and of each rule file.
        package var settings: Setting
        package var rules: [Setting]
    }

    /// Checks everything.
    package func check(machine: Machine) -> Outcome {
        let (overrides, warnings) = EnvironmentOverrides.resolve(variables, workers: workerNames)
        var validation = Validation(overrides: overrides)
        let root = validation.check(main.node, as: RoostSchema.root, file: main.path)
        let workers = root["workers"].members
        let listeners = ListenerChecks(root)
        WorkerChecks(machine: machine, workers: workers).run(&validation, supervisor: root["supervisor"])
        listeners.run(&validation)

        let ruleSettings = checkedRules(&validation, listeners: listeners.asked.map(\.listener.address))
        sections(root, &validation)
        let limits = SharedLimits(root["limits"])
        let proxy = ProxySection(
            settings: ProxySettings(root["proxy"]),
            rules: ruleSettings.map { ForwardingRule($0) },
            limits: limits
        )
        let configuration = Configuration(
            supervisor: SupervisorSettings(root["supervisor"], machine: machine),
            limits: limits,
            workers: workers.map { name, setting in
                WorkerSpecification(
                    name: name,
                    setting,
                    listeners: listeners.listeners(of: name),
                    directory: directory,
                    machine: machine
                )
            },
            sections: workers.contains { $0.name == "proxy" }
                ? [Configuration.Section(worker: "proxy", content: proxy.encoded())] : []
        )
        size(of: configuration, limits, &validation)
        return Outcome(
            configuration: configuration,
            findings: (validation.findings + warnings).sorted(),
            settings: root,
            rules: ruleSettings
        )
    }

    private var workerNames: [String] {
        guard case .map(let entries) = main.node?.content,
            case .map(let workers) = entries.first(where: { $0.key == "workers" })?.value.content
        else { return [] }
        return workers.map(\.key)
    }

    private func checkedRules(_ validation: inout Validation, listeners: [ListenAddress]) -> [Setting] {
        // Variables override roost.yaml only, so rules have a validation of their own.
        var own = Validation()
        let settings = rules.map { file in
            let setting = own.check(file.node, as: RuleSchema.root, file: file.path)
            let stem = FilePath.name(of: file.path).dropLast(".yaml".count)
            RuleChecks(listeners: listeners).run(setting, stem: String(stem), &own)
            return setting
        }
        RuleConflicts.run(settings, &own)
        validation.take(own.findings)
        return settings
    }

    /// A section whose worker is not there does nothing.
    private func sections(_ root: Setting, _ validation: inout Validation) {
        let names = root["workers"].members.map(\.name)
        for section in ListenerChecks.sections where !names.contains(section) && root[section].origin == .file {
            validation.warn(
                root[section],
                "nothing uses it, there is no worker \(section)",
                "add \(section) to workers"
            )
        }
    }

    /// A section travels in one frame, with room for what is around it.
    private func size(of configuration: Configuration, _ limits: SharedLimits, _ validation: inout Validation) {
        for section in configuration.sections where section.content.count > limits.frame - 4096 {
            validation.report(
                .error,
                SourcePosition(file: main.path),
                section.worker,
                "with its rules it takes \(section.content.count) bytes, more than a frame holds",
                "raise limits.frame, or remove rules"
            )
        }
    }
}
