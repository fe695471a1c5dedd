import Glibc
package import RoostReactor

/// Names of backends to addresses, when a configuration is prepared. getaddrinfo(3) blocks, so it runs on a thread of its
/// own and never on a loop. The first address counts; names are looked up again with every reload.
package enum NameResolver {
    /// The addresses of all backends of a configuration, by authority; names that have none are missing.
    package static func resolve(
        _ configuration: ProxyConfiguration,
        on reactor: Reactor
    ) async -> [String: SocketAddress] {
        let backends = configuration.rules.flatMap { $0.backends }
        var addresses = literals(backends)
        let names = backends.filter { addresses[$0.authority] == nil }
        guard !names.isEmpty else { return addresses }
        let found = await withCheckedContinuation { continuation in
            startThread {
                let found = lookUp(names)
                reactor.post { continuation.resume(returning: found) }
            }
        }
        addresses.merge(found) { own, _ in own }
        return addresses
    }

    /// The addresses of those backends that need no look-up. `localhost` is 127.0.0.1 (RFC 6761 section 6.3).
    package static func literals(_ backends: [ProxyRule.Backend]) -> [String: SocketAddress] {
        var addresses: [String: SocketAddress] = [:]
        for backend in backends {
            let host = backend.host.lowercased() == "localhost" ? "127.0.0.1" : backend.host
            addresses[backend.authority] = SocketAddress(literal: host, port: backend.port)
        }
        return addresses
    }

    private static func lookUp(_ backends: [ProxyRule.Backend]) -> [String: SocketAddress] {
        var addresses: [String: SocketAddress] = [:]
        for backend in backends {
            var hints = addrinfo()
            hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
            hints.ai_flags = AI_NUMERICSERV
            var list: UnsafeMutablePointer<addrinfo>?
            guard getaddrinfo(backend.host, String(backend.port), &hints, &list) == 0 else { continue }
            defer { freeaddrinfo(list) }
            if let first = list, let address = first.pointee.ai_addr {
                addresses[backend.authority] = SocketAddress(address, length: first.pointee.ai_addrlen)
            }
        }
        return addresses
    }

    private final class Body {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    private static func startThread(_ run: @escaping @Sendable () -> Void) {
        var thread = pthread_t()
        let body = Unmanaged.passRetained(Body(run))
        let code = pthread_create(
            &thread,
            nil,
            { argument in
                guard let argument else { return nil }
                Unmanaged<Body>.fromOpaque(argument).takeRetainedValue().run()
                return nil
            },
            body.toOpaque()
        )
        if code == 0 { pthread_detach(thread) } else { body.takeRetainedValue().run() }
    }
}
