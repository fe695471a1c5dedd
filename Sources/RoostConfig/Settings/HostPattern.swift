/// Which hosts a rule is for: one name, or every name below one (`*.api.test`, any depth).
package struct HostPattern: Sendable, Hashable {
    /// The name in small letters, without `*.` and without a final dot.
    package var name: String
    /// True for `*.NAME`, which does not match NAME itself.
    package var matchesSubdomains: Bool

    /// Reads a pattern; nil when it is none.
    package init?(_ text: String) {
        guard Self.fault(in: text) == nil else { return nil }
        matchesSubdomains = text.hasPrefix("*.")
        name = String(matchesSubdomains ? text.dropFirst(2) : Substring(text)).lowercased()
    }

    static func fault(in text: String) -> (problem: String, mend: String)? {
        let name = text.hasPrefix("*.") ? text.dropFirst(2) : Substring(text)
        let badForm = ("\(text.quoted) is not a host name", "write a name as api.test or \"*.api.test\"")
        if text == "*" { return ("\"*\" is not a host name", "leave hosts out to match every host") }
        if name.contains("*") {
            return ("\(text.quoted) has a * that is not the first label", "write \"*.\" and a name")
        }
        if name.hasPrefix("["), name.hasSuffix("]") {
            return IPAddress(String(name.dropFirst().dropLast()))?.isVersion6 == true ? nil : badForm
        }
        if let colon = name.firstIndex(of: ":") {
            let rest = name[name.index(after: colon)...]
            guard !rest.isEmpty, rest.utf8.allSatisfy({ (48...57).contains($0) }) else { return badForm }
            return ("\(text.quoted) has a port", "remove it, every port matches")
        }
        let labels = name.split(separator: ".", omittingEmptySubsequences: false)
        guard name.utf8.count <= 253, labels.allSatisfy(isLabel) else { return badForm }
        return nil
    }

    private static func isLabel(_ label: Substring) -> Bool {
        guard (1...63).contains(label.utf8.count), label.utf8.first != 45, label.utf8.last != 45 else { return false }
        return label.utf8.allSatisfy {
            (97...122).contains($0) || (65...90).contains($0) || (48...57).contains($0) || $0 == 45 || $0 == 95
        }
    }
}

extension HostPattern: CustomStringConvertible {
    /// As it is written in a rule.
    package var description: String { matchesSubdomains ? "*.\(name)" : name }
}
