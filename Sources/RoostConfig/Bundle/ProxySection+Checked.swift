import RoostProtocol

extension ProxySection {
    /// The section as the supervisor hands it to the worker.
    package func encoded() -> [UInt8] {
        var message = CheckedProxySection()
        message.settings = CheckedProxySettings(settings)
        message.rules = rules.map { CheckedRule($0) }
        message.limits = CheckedLimits(limits)
        return message.encoded()
    }

    /// Reads a section.
    ///
    /// - Throws: `BundleError` for anything that `encoded()` does not write.
    package init(decoding bytes: some Collection<UInt8>) throws(BundleError) {
        let message = try BundleError.reading(CheckedProxySection.self, bytes)
        settings = try ProxySettings(CheckedValue.present(message.settings, "settings"))
        var rules: [ForwardingRule] = []
        for rule in message.rules { rules.append(try ForwardingRule(rule)) }
        self.rules = rules
        limits = try SharedLimits(message.limits)
    }
}

extension CheckedProxySettings {
    fileprivate init(_ settings: ProxySettings) {
        self.init()
        connections = CheckedValue.encode(settings.limits.connections)
        headBytes = CheckedValue.encodeSize(settings.limits.head)
        fields = CheckedValue.encode(settings.limits.fields)
        bodyBytes = CheckedValue.encodeSize(settings.limits.body ?? 0)
        targetBytes = CheckedValue.encodeSize(settings.limits.target)
        headTimeout = CheckedValue.encode(settings.timeouts.head)
        bodyTimeout = CheckedValue.encode(settings.timeouts.body)
        idleTimeout = CheckedValue.encode(settings.timeouts.idle)
        upstreamIdleConnections = CheckedValue.encode(settings.upstream.idleConnections)
        upstreamIdleTimeout = CheckedValue.encode(settings.upstream.idleTimeout)
    }
}

extension ProxySettings {
    fileprivate init(_ message: CheckedProxySettings) throws(BundleError) {
        limits = Limits(
            connections: try CheckedValue.count(message.connections, "connections"),
            head: try CheckedValue.size(message.headBytes, "head"),
            fields: try CheckedValue.count(message.fields, "fields"),
            body: message.bodyBytes == 0 ? nil : try CheckedValue.size(message.bodyBytes, "body"),
            target: try CheckedValue.size(message.targetBytes, "target")
        )
        timeouts = Timeouts(
            head: try CheckedValue.duration(message.headTimeout, "head_timeout"),
            body: try CheckedValue.duration(message.bodyTimeout, "body_timeout"),
            idle: try CheckedValue.duration(message.idleTimeout, "idle_timeout")
        )
        upstream = Upstream(
            idleConnections: try CheckedValue.count(message.upstreamIdleConnections, "idle_connections", 0...10_000),
            idleTimeout: try CheckedValue.duration(message.upstreamIdleTimeout, "upstream_idle_timeout")
        )
    }
}
