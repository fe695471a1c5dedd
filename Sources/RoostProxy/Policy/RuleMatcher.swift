import RoostHTTP1

/// What a request is matched by. The host is lower case and has no port; the path is in its normal form.
struct MatchSubject {
    var host: UnsafeBufferPointer<UInt8>
    var path: UnsafeBufferPointer<UInt8>
    var method: Method
    var methodName: UnsafeBufferPointer<UInt8>
}

/// Finds the rule for a request: an ordered scan over one entry per rule and host pattern. Behind this type so that an
/// index by host and prefix can take its place.
struct RuleMatcher {
    private enum Host {
        case any
        case exact(ByteText)
        /// With the leading dot.
        case suffix(ByteText)
    }

    private enum Path {
        case any
        case exact(ByteText)
        /// Without a trailing slash.
        case prefix(ByteText)
    }

    private struct Entry {
        var host: Host
        var path: Path
        /// Bit `Method.rawValue`; 0: every method.
        var methods: UInt16
        var otherMethods: UnsafeMutableBufferPointer<ByteText>
        var rule: Int32
    }

    private let entries: UnsafeMutableBufferPointer<Entry>

    init(_ rules: [ProxyRule]) {
        var ordered: [(RuleOrder, Entry)] = []
        for (index, rule) in rules.enumerated() {
            let patterns: [String?] = rule.hosts.isEmpty ? [nil] : rule.hosts.map { $0.lowercased() }
            for pattern in patterns {
                ordered.append((RuleOrder(rule, host: pattern), Self.entry(rule, pattern, index)))
            }
        }
        ordered.sort { $0.0 < $1.0 }
        entries = .allocate(capacity: ordered.count)
        _ = entries.initialize(from: ordered.map { $0.1 })
    }

    private static func entry(_ rule: ProxyRule, _ pattern: String?, _ index: Int) -> Entry {
        let host: Host =
            switch pattern {
            case .none: .any
            case .some(let text) where text.hasPrefix("*."): .suffix(ByteText(String(text.dropFirst())))
            case .some(let text): .exact(ByteText(text))
            }
        let path: Path =
            switch rule.path {
            case .any: .any
            case .exact(let text): .exact(ByteText(text))
            case .prefix(let text):
                text.allSatisfy { $0 == "/" }
                    ? .any : .prefix(ByteText(text.hasSuffix("/") ? String(text.dropLast()) : text))
            }
        var methods: UInt16 = 0
        var others: [ByteText] = []
        for name in rule.methods {
            let utf8 = Array(name.utf8)
            let method = Method(utf8.span, ByteRange(0, utf8.count))
            if method == .other { others.append(ByteText(name)) }
            methods |= 1 << UInt16(method.rawValue)
        }
        let otherMethods = UnsafeMutableBufferPointer<ByteText>.allocate(capacity: others.count)
        _ = otherMethods.initialize(from: others)
        return Entry(host: host, path: path, methods: methods, otherMethods: otherMethods, rule: Int32(index))
    }

    func deallocate() {
        for entry in entries {
            switch entry.host {
            case .any: break
            case .exact(let text), .suffix(let text): text.deallocate()
            }
            switch entry.path {
            case .any: break
            case .exact(let text), .prefix(let text): text.deallocate()
            }
            for text in entry.otherMethods { text.deallocate() }
            entry.otherMethods.deallocate()
        }
        entries.deallocate()
    }

    /// The index of the rule that takes the request, or nil.
    func match(_ subject: MatchSubject) -> Int? {
        var index = 0
        while index < entries.count {
            let entry = entries[index]
            if Self.takes(entry.host, subject.host), Self.takes(entry.path, subject.path), Self.takes(entry, subject) {
                return Int(entry.rule)
            }
            index &+= 1
        }
        return nil
    }

    @inline(__always)
    private static func takes(_ pattern: Host, _ host: UnsafeBufferPointer<UInt8>) -> Bool {
        switch pattern {
        case .any: true
        case .exact(let text): text.isEqual(to: host)
        case .suffix(let text): text.isProperSuffix(of: host)
        }
    }

    @inline(__always)
    private static func takes(_ pattern: Path, _ path: UnsafeBufferPointer<UInt8>) -> Bool {
        switch pattern {
        case .any: true
        case .exact(let text): text.isEqual(to: path)
        case .prefix(let text): text.isPrefix(of: path) && (path.count == text.count || path[text.count] == 0x2F)
        }
    }

    @inline(__always)
    private static func takes(_ entry: Entry, _ subject: MatchSubject) -> Bool {
        if entry.methods == 0 { return true }
        guard entry.methods & (1 << UInt16(subject.method.rawValue)) != 0 else { return false }
        guard subject.method == .other else { return true }
        return entry.otherMethods.contains { $0.isEqual(to: subject.methodName) }
    }
}
