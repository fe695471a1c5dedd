import RoostConfig

extension ProxyConfiguration {
    /// The data plane's form of what the configuration says.
    init(_ section: ProxySection, generation: UInt64) {
        let settings = section.settings
        var limits = ProxyLimits()
        limits.connections = settings.limits.connections
        limits.headBytes = settings.limits.head
        limits.fields = settings.limits.fields
        limits.targetBytes = settings.limits.target
        limits.requestBodyBytes = settings.limits.body.map { UInt64(clamping: $0) } ?? .max
        limits.pooledPerBackend = settings.upstream.idleConnections
        self.init(
            generation: generation,
            rules: section.rules.map { ProxyRule($0) },
            limits: limits,
            timeouts: ClientTimeouts(
                header: settings.timeouts.head,
                keepAlive: settings.timeouts.idle,
                body: settings.timeouts.body,
                pooled: settings.upstream.idleTimeout
            )
        )
    }
}

extension ProxyRule {
    init(_ rule: ForwardingRule) {
        let path: PathMatch =
            switch rule.match.path {
            case .prefix(let prefix): .prefix(prefix)
            case .exact(let path): .exact(path)
            case nil: .any
            }
        self.init(
            name: rule.name,
            priority: rule.priority,
            hosts: rule.match.hosts.map(\.description),
            path: path,
            methods: rule.match.methods,
            timeouts: BackendTimeouts(
                connect: rule.timeouts.connect,
                response: rule.timeouts.response,
                idle: rule.timeouts.idle
            )
        )
        switch rule.answer {
        case .forward(let backends, balance: .roundRobin):
            action = .forward
            self.backends = backends.map { Backend(host: $0.url.host, port: $0.url.port, weight: $0.weight) }
        case .content(.welcome): action = .welcome
        }
        stripPrefix = rule.rewrite.stripPrefix
        addPrefix = rule.rewrite.addPrefix
        sendsBackendHost = rule.rewrite.host == .backend
    }
}
