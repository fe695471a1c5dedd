/// Paths as texts.
package enum FilePath {
    /// `path` as seen from the folder `base`; an absolute one stays. `.` and `..` are taken out.
    package static func resolve(_ path: String, from base: String) -> String {
        normal(path.hasPrefix("/") ? path : base.isEmpty ? path : "\(base)/\(path)")
    }

    /// The folder that holds `path`; `.` for a bare name.
    package static func folder(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    /// The last part of `path`.
    package static func name(of path: String) -> String {
        String(path[(path.lastIndex(of: "/").map(path.index(after:)) ?? path.startIndex)...])
    }

    /// Without empty and `.` parts, and without `..` where the part before it is known.
    private static func normal(_ path: String) -> String {
        var parts: [Substring] = []
        for part in path.split(separator: "/") where part != "." {
            if part == "..", let last = parts.last, last != ".." {
                parts.removeLast()
            } else if part != ".." || !path.hasPrefix("/") {
                parts.append(part)
            }
        }
        let joined = parts.joined(separator: "/")
        return path.hasPrefix("/") ? "/\(joined)" : joined.isEmpty ? "." : joined
    }
}
