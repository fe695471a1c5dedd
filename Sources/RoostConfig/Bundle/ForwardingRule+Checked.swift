import RoostProtocol

extension CheckedRule {
    init(_ rule: ForwardingRule) {
        self.init()
        name = rule.name
        priority = Int64(rule.priority)
        hosts = rule.match.hosts.map { pattern in
            var host = CheckedHost()
            host.name = pattern.name
            host.subdomains = pattern.matchesSubdomains
            return host
        }
        switch rule.match.path {
        case .prefix(let text): pathPrefix = text
        case .exact(let text): pathExact = text
        case nil: break
        }
        methods = rule.match.methods
        switch rule.answer {
        case .forward(let backends, let balance):
            self.backends = backends.map { backend in
                var message = CheckedBackend()
                message.host = backend.url.host
                message.port = UInt32(backend.url.port)
                message.weight = CheckedValue.encode(backend.weight)
                return message
            }
            self.balance = balance.rawValue
        case .content(let source): contentSource = source.rawValue
        }
        stripPrefix = rule.rewrite.stripPrefix
        addPrefix = rule.rewrite.addPrefix
        sendsBackendHost = rule.rewrite.host == .backend
        connectTimeout = CheckedValue.encode(rule.timeouts.connect)
        responseTimeout = CheckedValue.encode(rule.timeouts.response)
        idleTimeout = CheckedValue.encode(rule.timeouts.idle)
    }
}

extension ForwardingRule {
    init(_ message: CheckedRule) throws(BundleError) {
        name = try CheckedValue.text(message.name, "name", .ruleName)
        priority = try CheckedValue.number(message.priority, "priority", -1000...1000)
        match = try Match(message)
        answer = try Answer(message)
        rewrite = try Rewrite(message)
        timeouts = Timeouts(
            connect: try CheckedValue.duration(message.connectTimeout, "connect_timeout"),
            response: try CheckedValue.duration(message.responseTimeout, "response_timeout"),
            idle: try CheckedValue.duration(message.idleTimeout, "idle_timeout")
        )
    }
}

extension ForwardingRule.Match {
    fileprivate init(_ message: CheckedRule) throws(BundleError) {
        var hosts: [HostPattern] = []
        for host in message.hosts {
            guard let pattern = HostPattern(host.subdomains ? "*.\(host.name)" : host.name) else {
                throw .invalid("host")
            }
            hosts.append(pattern)
        }
        var methods: [String] = []
        for method in message.methods { methods.append(try CheckedValue.text(method, "method", .method)) }
        self.hosts = hosts
        self.methods = methods
        switch (message.pathPrefix, message.pathExact) {
        case (nil, nil): path = nil
        case (let text?, nil): path = .prefix(try CheckedValue.text(text, "path_prefix", .urlPath))
        case (nil, let text?): path = .exact(try CheckedValue.text(text, "path_exact", .urlPath))
        case (.some, .some): throw .invalid("path")
        }
    }
}

extension ForwardingRule.Answer {
    fileprivate init(_ message: CheckedRule) throws(BundleError) {
        guard message.contentSource.isEmpty else {
            self = .content(try CheckedValue.word(message.contentSource, "content_source"))
            return
        }
        var backends: [ForwardingRule.Backend] = []
        for backend in message.backends {
            let host = backend.host.contains(":") ? "[\(backend.host)]" : backend.host
            guard let url = BackendURL("http://\(host):\(backend.port)") else { throw .invalid("backend") }
            let weight = try CheckedValue.count(backend.weight, "weight", 1...1000)
            backends.append(ForwardingRule.Backend(url: url, weight: weight))
        }
        guard !backends.isEmpty else { throw .missing("backends") }
        self = .forward(backends, balance: try CheckedValue.word(message.balance, "balance"))
    }
}

extension ForwardingRule.Rewrite {
    fileprivate init(_ message: CheckedRule) throws(BundleError) {
        host = message.sendsBackendHost ? .backend : .client
        stripPrefix = nil
        addPrefix = nil
        if let text = message.stripPrefix { stripPrefix = try CheckedValue.text(text, "strip_prefix", .urlPath) }
        if let text = message.addPrefix { addPrefix = try CheckedValue.text(text, "add_prefix", .urlPath) }
    }
}
