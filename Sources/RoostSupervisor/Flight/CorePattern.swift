/// What the kernel does with the memory of a process that crashes (core(5)).
package struct CorePattern: Sendable, Hashable {
    /// As /proc/sys/kernel/core_pattern has it.
    package let text: String

    package init(_ text: String) { self.text = text }

    /// Of this machine, now; nil if it cannot be read.
    package static var current: CorePattern? {
        ProcFile.read("/proc/sys/kernel/core_pattern").map { bytes in
            CorePattern(String(decoding: bytes.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self))
        }
    }

    /// Where the core of a process is to be looked for; what else the pattern names, such as the time, stays as it is.
    package func place(pid: Int32) -> String {
        guard text.hasPrefix("|") else {
            let file = Self.filled(text, pid)
            return text.hasPrefix("/") ? file : "\(file) in the process's working directory"
        }
        if text.contains("systemd-coredump") { return "coredumpctl info \(pid)" }
        return "handed to \(text.dropFirst().prefix { $0 != " " })"
    }

    private static func filled(_ text: String, _ pid: Int32) -> String {
        var (result, isSpecifier) = ("", false)
        for character in text {
            if isSpecifier {
                result += character == "p" || character == "P" ? "\(pid)" : character == "%" ? "%" : "%\(character)"
                isSpecifier = false
            } else if character == "%" {
                isSpecifier = true
            } else {
                result.append(character)
            }
        }
        return result
    }
}
