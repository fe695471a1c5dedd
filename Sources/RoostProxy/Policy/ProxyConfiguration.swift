/// What the data plane needs to know, checked: names are unique, values are in range, URLs have host and port.
package struct ProxyConfiguration: Sendable, Equatable {
    package var generation: UInt64
    package var rules: [ProxyRule]
    package var limits: ProxyLimits
    package var timeouts: ClientTimeouts

    package init(
        generation: UInt64 = 1,
        rules: [ProxyRule] = [],
        limits: ProxyLimits = ProxyLimits(),
        timeouts: ClientTimeouts = ClientTimeouts()
    ) {
        self.generation = generation
        self.rules = rules
        self.limits = limits
        self.timeouts = timeouts
    }
}

/// One rule: which requests it takes, and what it does with them.
package struct ProxyRule: Sendable, Equatable {
    package enum PathMatch: Sendable, Equatable {
        case any
        /// Whole segments: `/v1` takes `/v1` and `/v1/x`, not `/v10`.
        case prefix(String)
        case exact(String)
    }

    package enum Action: Sendable, Equatable {
        case forward
        /// The built-in page that says that Roost works.
        case welcome
    }

    package struct Backend: Sendable, Equatable {
        /// Without brackets around an IPv6 address.
        package var host: String
        package var port: UInt16
        package var weight: Int

        package init(host: String, port: UInt16, weight: Int = 1) {
            self.host = host
            self.port = port
            self.weight = weight
        }

        /// `host:port`, as the Host field has it.
        package var authority: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
        package var url: String { "http://\(authority)" }
    }

    package var name: String
    package var priority: Int
    /// Exact names or `*.suffix`, any depth; none: every host.
    package var hosts: [String]
    package var path: PathMatch
    /// None: every method.
    package var methods: [String]
    package var action: Action
    package var backends: [Backend]
    package var stripPrefix: String?
    package var addPrefix: String?
    /// The Host field is the backend's authority instead of the client's.
    package var sendsBackendHost: Bool
    package var timeouts: BackendTimeouts

    package init(
        name: String,
        priority: Int = 0,
        hosts: [String] = [],
        path: PathMatch = .any,
        methods: [String] = [],
        action: Action = .forward,
        backends: [Backend] = [],
        stripPrefix: String? = nil,
        addPrefix: String? = nil,
        sendsBackendHost: Bool = false,
        timeouts: BackendTimeouts = BackendTimeouts()
    ) {
        self.name = name
        self.priority = priority
        self.hosts = hosts
        self.path = path
        self.methods = methods
        self.action = action
        self.backends = backends
        self.stripPrefix = stripPrefix
        self.addPrefix = addPrefix
        self.sendsBackendHost = sendsBackendHost
        self.timeouts = timeouts
    }
}

/// How long a backend may take.
package struct BackendTimeouts: Sendable, Equatable {
    package var connect: Duration
    /// From the request's last step until the response's head has arrived.
    package var response: Duration
    /// Between two pieces of a body.
    package var idle: Duration

    package init(connect: Duration = .seconds(1), response: Duration = .seconds(30), idle: Duration = .seconds(60)) {
        self.connect = connect
        self.response = response
        self.idle = idle
    }
}

/// How long a client may take.
package struct ClientTimeouts: Sendable, Equatable {
    /// From a head's first byte (or the accept) to its last: total, not per byte.
    package var header: Duration
    /// Between two requests on one connection.
    package var keepAlive: Duration
    /// Between two pieces of a request's body, or of an answer that the client takes.
    package var body: Duration
    /// How long a connection to a backend waits in its pool.
    package var pooled: Duration

    package init(
        header: Duration = .seconds(10),
        keepAlive: Duration = .seconds(60),
        body: Duration = .seconds(60),
        pooled: Duration = .seconds(60)
    ) {
        self.header = header
        self.keepAlive = keepAlive
        self.body = body
        self.pooled = pooled
    }
}

/// What one worker takes on.
package struct ProxyLimits: Sendable, Equatable {
    /// Client connections; more wait in the listener's backlog.
    package var connections: Int
    package var headBytes: Int
    package var fields: Int
    package var targetBytes: Int
    package var requestBodyBytes: UInt64
    /// Idle connections that are kept per backend.
    package var pooledPerBackend: Int
    /// 1xx responses before the final one.
    package var interimResponses: Int

    package init(
        connections: Int = 16384,
        headBytes: Int = 32768,
        fields: Int = 128,
        targetBytes: Int = 8192,
        requestBodyBytes: UInt64 = .max,
        pooledPerBackend: Int = 64,
        interimResponses: Int = 8
    ) {
        self.connections = connections
        self.headBytes = headBytes
        self.fields = fields
        self.targetBytes = targetBytes
        self.requestBodyBytes = requestBodyBytes
        self.pooledPerBackend = pooledPerBackend
        self.interimResponses = interimResponses
    }
}
