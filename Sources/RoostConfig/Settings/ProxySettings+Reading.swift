extension ProxySettings {
    /// From the checked section `proxy`.
    init(_ setting: Setting) {
        let (limits, timeouts, upstream) = (setting["limits"], setting["timeouts"], setting["upstream"])
        let body = limits.integer("body")
        self.limits = Limits(
            connections: limits.integer("connections"),
            head: limits.integer("head"),
            fields: limits.integer("fields"),
            body: body == 0 ? nil : body,
            target: limits.integer("target")
        )
        self.timeouts = Timeouts(
            head: timeouts.duration("head"),
            body: timeouts.duration("body"),
            idle: timeouts.duration("idle")
        )
        self.upstream = Upstream(
            idleConnections: upstream.integer("idle_connections"),
            idleTimeout: upstream.duration("idle_timeout")
        )
    }
}

extension ForwardingRule {
    /// From a checked rule file.
    init(_ setting: Setting) {
        let (match, timeouts, path) = (setting["match"], setting["timeouts"], setting["match"]["path"])
        name = setting.text("name")
        priority = setting.integer("priority")
        self.match = Match(
            hosts: match.texts("hosts").compactMap(HostPattern.init),
            path: path["exact"].text.map(Match.Path.exact) ?? path["prefix"].text.map(Match.Path.prefix),
            methods: match.texts("methods")
        )
        if setting["content"].isAbsent {
            let backends = setting["backends"].elements.compactMap(Backend.init)
            answer = .forward(backends, balance: setting.word("balance", else: .roundRobin))
        } else {
            answer = .content(setting["content"].word("source", else: .welcome))
        }
        rewrite = Rewrite(
            stripPrefix: setting["rewrite"]["strip_prefix"].text,
            addPrefix: setting["rewrite"]["add_prefix"].text,
            host: setting["rewrite"].word("host", else: .client)
        )
        self.timeouts = Timeouts(
            connect: timeouts.duration("connect"),
            response: timeouts.duration("response"),
            idle: timeouts.duration("idle")
        )
    }
}

extension ForwardingRule.Backend {
    fileprivate init?(_ setting: Setting) {
        guard let url = setting["url"].text.flatMap(BackendURL.init) else { return nil }
        self.init(url: url, weight: setting.integer("weight"))
    }
}
