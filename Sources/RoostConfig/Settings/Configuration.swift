/// A configuration that has passed every check.
package struct Configuration: Sendable, Equatable {
    package var supervisor: SupervisorSettings
    package var limits: SharedLimits
    /// In the order of the file.
    package var workers: [WorkerSpecification]
    /// By worker name, what that worker is told: opaque bytes for everybody else. See `ProxySection`.
    package var sections: [Section]

    package struct Section: Sendable, Equatable {
        package var worker: String
        package var content: [UInt8]

        package init(worker: String, content: [UInt8]) {
            self.worker = worker
            self.content = content
        }
    }

    /// The section of a worker; empty for one that is told nothing.
    package func section(of worker: String) -> [UInt8] {
        sections.first { $0.worker == worker }?.content ?? []
    }

    package init(
        supervisor: SupervisorSettings,
        limits: SharedLimits,
        workers: [WorkerSpecification],
        sections: [Section]
    ) {
        self.supervisor = supervisor
        self.limits = limits
        self.workers = workers
        self.sections = sections
    }
}

/// What the proxy worker is told; its bytes are `encoded()`.
package struct ProxySection: Sendable, Equatable {
    package var settings: ProxySettings
    /// By name; the proxy orders them by priority and specificity.
    package var rules: [ForwardingRule]
    package var limits: SharedLimits

    package init(settings: ProxySettings, rules: [ForwardingRule], limits: SharedLimits) {
        self.settings = settings
        self.rules = rules
        self.limits = limits
    }
}
