/// Contradictions in a rule, and between rules.
struct RuleChecks {
    /// What the proxy listens on: a backend there would be the proxy itself.
    let listeners: [ListenAddress]

    /// `stem` is the file's name without `.yaml`.
    func run(_ rule: Setting, stem: String, _ validation: inout Validation) {
        if let name = rule["name"].text, !rule["name"].isMistaken, name != stem {
            validation.report(
                rule["name"],
                "\(name) is not the file's name",
                "write \(stem), or rename the file to \(name).yaml"
            )
        }
        path(rule["match"]["path"], &validation)
        repeated(rule["match"]["hosts"], "host", &validation) { HostPattern($0)?.description ?? $0 }
        repeated(rule["match"]["methods"], "method", &validation) { $0 }
        answer(rule, &validation)
        backends(rule["backends"], &validation)
    }

    private func path(_ path: Setting, _ validation: inout Validation) {
        guard !path.isAbsent, !path.isMistaken else { return }
        let (prefix, exact) = (path["prefix"], path["exact"])
        if !prefix.isAbsent, !exact.isAbsent {
            validation.report(max(prefix, exact), "prefix and exact contradict each other", "keep one of them")
        } else if prefix.isAbsent, exact.isAbsent, !prefix.isMistaken, !exact.isMistaken {
            validation.report(path, "says neither prefix nor exact", "add one of them, or remove path")
        }
    }

    private func max(_ left: Setting, _ right: Setting) -> Setting { left.position < right.position ? right : left }

    private func repeated(
        _ list: Setting,
        _ noun: String,
        _ validation: inout Validation,
        _ normal: (String) -> String
    ) {
        var seen: Set<String> = []
        for element in list.elements where !element.isMistaken {
            guard let text = element.text, !seen.insert(normal(text)).inserted else { continue }
            validation.report(element, "the \(noun) \(text) is written twice", "remove one")
        }
    }

    private func answer(_ rule: Setting, _ validation: inout Validation) {
        let (backends, content) = (rule["backends"], rule["content"])
        if backends.isAbsent, content.isAbsent, !backends.isMistaken, !content.isMistaken {
            validation.report(
                .error,
                rule.position,
                "backends",
                "is missing",
                "add a backend, or content with a source"
            )
        } else if !backends.isAbsent, !content.isAbsent {
            validation.report(content, "contradicts backends", "keep one of them")
        }
        if let source = content["source"].text, !content["source"].isMistaken,
            ForwardingRule.ContentSource(rawValue: source) == nil
        {
            let known = ForwardingRule.ContentSource.allCases.map(\.rawValue)
            let mend =
                Spelling.nearest(to: source, in: known).map { "did you mean \($0)?" } ?? "use \(Validation.list(known))"
            validation.report(content["source"], "there is no content source \(source)", mend)
        }
    }

    private func backends(_ backends: Setting, _ validation: inout Validation) {
        var seen: [BackendURL: Setting] = [:]
        for element in backends.elements {
            let setting = element["url"]
            guard let text = setting.text, !setting.isMistaken, let url = BackendURL(text) else { continue }
            if let first = seen[url] {
                validation.report(setting, "is the same backend as \(first.path)", "remove one")
            } else if let address = url.address, listeners.contains(where: { $0.isReached(address, url.port) }) {
                validation.report(setting, "is an address of the proxy itself", "name the server behind the proxy")
            }
            seen[url] = seen[url] ?? setting
        }
    }
}

extension ListenAddress {
    /// True where a connection to `address` ends at this listener: the same one, or every address and a loopback one.
    func isReached(_ address: IPAddress, _ port: UInt16) -> Bool {
        guard port == self.port, port != 0, address.isVersion6 == self.address.isVersion6 else { return false }
        return address == self.address || (self.address.isUnspecified && address.isLoopback)
    }
}

extension IPAddress {
    /// 127.0.0.0/8 and ::1.
    package var isLoopback: Bool {
        isVersion6 ? bytes.dropLast().allSatisfy { $0 == 0 } && bytes.last == 1 : bytes.first == 127
    }
}
