import RoostHTTP1
import RoostPolicy

extension Loop {
    /// Compiles a configuration; nothing that is in force changes. `addresses` has one for every backend.
    mutating func compile(
        _ configuration: ProxyConfiguration,
        _ addresses: [String: SocketAddress]
    ) throws -> UnsafeMutablePointer<RuleTable> {
        for rule in configuration.rules {
            for backend in rule.backends where addresses[backend.authority] == nil {
                throw ProxyConfigurationError.unresolvedBackend(rule: rule.name, host: backend.host)
            }
        }
        let rules = UnsafeMutableBufferPointer<CompiledRule>.allocate(capacity: configuration.rules.count)
        _ = rules.initialize(from: configuration.rules.map { compile($0, addresses) })
        let table = UnsafeMutablePointer<RuleTable>.allocate(capacity: 1)
        table.initialize(
            to: RuleTable(
                generation: configuration.generation,
                configuration: configuration,
                rules: rules,
                matcher: RuleMatcher(configuration.rules)
            )
        )
        return table
    }

    private mutating func compile(_ rule: ProxyRule, _ addresses: [String: SocketAddress]) -> CompiledRule {
        let backends = UnsafeMutableBufferPointer<CompiledBackend>.allocate(capacity: rule.backends.count)
        var compiled: [CompiledBackend] = []
        for backend in rule.backends {
            guard let address = addresses[backend.authority] else { continue }  // checked by the caller
            compiled.append(
                CompiledBackend(
                    endpoint: hold(backend.authority, address),
                    weight: Int32(clamping: backend.weight),
                    authority: ByteText(backend.authority),
                    traffic: traffic.take(rule.name, backend.url)
                )
            )
        }
        _ = backends.initialize(from: compiled)
        let credits = UnsafeMutablePointer<Int32>.allocate(capacity: max(1, compiled.count))
        credits.initialize(repeating: 0, count: max(1, compiled.count))
        return CompiledRule(
            name: ByteText(rule.name),
            action: rule.action,
            backends: UnsafeMutableBufferPointer(rebasing: backends[0..<compiled.count]),
            credits: credits,
            stripPrefix: Self.prefix(rule.stripPrefix),
            addPrefix: Self.prefix(rule.addPrefix),
            sendsBackendHost: rule.sendsBackendHost,
            connectTimeout: rule.timeouts.connect.wholeNanoseconds,
            responseTimeout: rule.timeouts.response.wholeNanoseconds,
            idleTimeout: rule.timeouts.idle.wholeNanoseconds,
            traffic: traffic.take(rule.name)
        )
    }

    /// A prefix without its trailing slash; nil if nothing is left.
    private static func prefix(_ text: String?) -> ByteText? {
        guard var text else { return nil }
        while text.hasSuffix("/") { text.removeLast() }
        return text.isEmpty ? nil : ByteText(text)
    }

    /// Puts a compiled table in force. Exchanges that are under way keep the one that they began with.
    mutating func install(_ table: UnsafeMutablePointer<RuleTable>) {
        let old = self.table
        self.table = table
        let configuration = table.pointee.configuration
        if configuration.limits.fields != fields.capacity {
            fields = FieldTable(capacity: max(1, configuration.limits.fields))
        }
        limits = configuration.limits
        limits.headBytes = min(max(limits.headBytes, 1024), Self.headWriteSize / 2)
        headerTimeout = configuration.timeouts.header.wholeNanoseconds
        keepAliveTimeout = configuration.timeouts.keepAlive.wholeNanoseconds
        bodyTimeout = configuration.timeouts.body.wholeNanoseconds
        pooledTimeout = configuration.timeouts.pooled.wholeNanoseconds
        old.pointee.isRetired = true
        if old.pointee.users == 0 { destroy(old) }
        isServing = true
        startAccepting()
    }

    /// Frees a table that nobody uses, and what only it held.
    mutating func destroy(_ table: UnsafeMutablePointer<RuleTable>) {
        for (rule, source) in zip(table.pointee.rules, table.pointee.configuration.rules) {
            for (backend, described) in zip(rule.backends, source.backends) {
                traffic.give(source.name, described.url)
                backend.authority.deallocate()
                backend.endpoint.pointee.tables -= 1
                forget(backend.endpoint)
            }
            traffic.give(source.name)
            rule.backends.deallocate()
            rule.credits.deallocate()
            rule.name.deallocate()
            rule.stripPrefix?.deallocate()
            rule.addPrefix?.deallocate()
        }
        table.pointee.rules.deallocate()
        table.pointee.matcher.deallocate()
        table.deinitialize(count: 1)
        table.deallocate()
    }

    // MARK: Endpoints

    private mutating func hold(_ authority: String, _ address: SocketAddress) -> UnsafeMutablePointer<Endpoint> {
        if let known = endpoints[authority], known.pointee.address == address {
            known.pointee.tables += 1
            return known
        }
        // A name that resolves to another address now is another endpoint; the old one goes with its last user.
        let endpoint = UnsafeMutablePointer<Endpoint>.allocate(capacity: 1)
        endpoint.initialize(to: Endpoint(address: address, authority: authority))
        endpoint.pointee.tables = 1
        endpoints[authority] = endpoint
        return endpoint
    }

    /// Frees an endpoint that no table names and no connection uses.
    mutating func forget(_ endpoint: UnsafeMutablePointer<Endpoint>) {
        guard endpoint.pointee.tables == 0 else { return }
        if let pooled = endpoint.pointee.pool { return close(pooled) }  // comes back here with each
        guard endpoint.pointee.connections == 0 else { return }
        if endpoints[endpoint.pointee.authority] == endpoint { endpoints[endpoint.pointee.authority] = nil }
        endpoint.deinitialize(count: 1)
        endpoint.deallocate()
    }
}

/// Why a configuration cannot be prepared.
package enum ProxyConfigurationError: Error, Equatable, CustomStringConvertible {
    case unresolvedBackend(rule: String, host: String)

    package var description: String {
        switch self {
        case .unresolvedBackend(let rule, let host): "rule \(rule): the backend's name \(host) has no address"
        }
    }
}
