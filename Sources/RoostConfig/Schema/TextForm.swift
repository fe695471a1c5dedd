/// The forms that a text value may have to take.
package enum TextForm: Sendable {
    /// Any text of 0 to 4096 characters without control characters other than tab and line feed.
    case argument
    /// A worker: `[a-z][a-z0-9-]*`, at most 40 characters, since it becomes part of a socket's path.
    case workerName
    /// A rule: letters, digits, `.`, `_`, `-`, at most 100, as it becomes a file's name.
    case ruleName
    /// A content source, formed like a worker's name.
    case sourceName
    /// A user or group of the system.
    case account
    /// A path of the file system; relative ones start from the file that names them.
    case path
    /// `HOST:PORT` with a literal IP address.
    case address
    /// `http://HOST:PORT`
    case backendURL
    /// A host name, or `*.` and one.
    case hostPattern
    /// A request method (RFC 9110 section 9) in capitals.
    case method
    /// An absolute path of a URL.
    case urlPath

    /// What is wrong with `text` and what to do; nil when it has the form.
    func fault(in text: String) -> (problem: String, mend: String)? {
        if text.utf8.count > 4096 { return ("is longer than 4096 bytes", "shorten it") }
        let isLineText = if case .argument = self { true } else { false }
        if text.unicodeScalars.contains(where: { $0.isControl && !(isLineText && ($0 == "\t" || $0 == "\n")) }) {
            return ("contains a control character", "remove it")
        }
        switch self {
        case .argument: return nil
        case .path: return text.isEmpty ? ("is empty", "write a path") : nil
        case .workerName, .sourceName:
            guard !Self.isName(text, limit: 40, extra: "-", upper: false) else { return nil }
            return ("\(text.quoted) is not a name", "use small letters, digits and -, at most 40, a letter first")
        case .ruleName:
            guard !Self.isName(text, limit: 100, extra: "-_.", upper: true) else { return nil }
            return (
                "\(text.quoted) is not a name", "use letters, digits, -, _ and ., at most 100, a letter or digit first"
            )
        case .account:
            guard !Self.isName(text, limit: 32, extra: "-_.", upper: true, first: "_") else { return nil }
            return ("\(text.quoted) is not the name of a user or group", "write a name as in /etc/passwd or /etc/group")
        case .address: return ListenAddress.fault(in: text)
        case .backendURL: return BackendURL.fault(in: text)
        case .hostPattern: return HostPattern.fault(in: text)
        case .method:
            guard text.isEmpty || text.utf8.count > 32 || !text.utf8.allSatisfy({ (65...90).contains($0) || $0 == 45 })
            else { return nil }
            return ("\(text.quoted) is not a request method", "write it in capitals, as GET or POST")
        case .urlPath:
            if !text.hasPrefix("/") { return ("\(text.quoted) does not start with /", "write an absolute path") }
            guard text.utf8.contains(where: { $0 <= 0x20 || $0 == 0x3F || $0 == 0x23 || $0 >= 0x7F }) else {
                return nil
            }
            return (
                "\(text.quoted) contains ?, #, a space or an unencoded character",
                "write it percent-encoded, without a query"
            )
        }
    }

    private static func isName(_ text: String, limit: Int, extra: String, upper: Bool, first: String = "") -> Bool {
        func isLetterOrDigit(_ byte: UInt8) -> Bool {
            (97...122).contains(byte) || (48...57).contains(byte) || (upper && (65...90).contains(byte))
        }
        guard let start = text.utf8.first, text.utf8.count <= limit else { return false }
        guard isLetterOrDigit(start) || first.utf8.contains(start) else { return false }
        if !upper, (48...57).contains(start) { return false }
        return text.utf8.allSatisfy { isLetterOrDigit($0) || extra.utf8.contains($0) }
    }
}
