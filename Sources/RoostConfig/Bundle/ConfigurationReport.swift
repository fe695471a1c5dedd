import RoostProtocol

/// What the helper `roost-config` found: the configuration, or why there is none.
///
/// The bytes are a `ConfigurationBundle` of `configuration.proto`.
package struct ConfigurationReport: Sendable, Equatable {
    /// A file as it was read, for the history.
    package struct File: Sendable, Equatable {
        /// `roost.yaml` first, then the rules, relative to its folder: `rules.d/api.yaml`.
        package var path: String
        package var content: [UInt8]

        package init(path: String, content: [UInt8]) {
            self.path = path
            self.content = content
        }
    }

    /// Errors and warnings, sorted by place.
    package var findings: [Finding]
    package var files: [File]
    /// SHA-256 over files and overriding variables, 32 bytes: equal when nothing has changed.
    package var digest: [UInt8]
    /// Nil when a finding is an error.
    package var configuration: Configuration?

    package init(findings: [Finding], files: [File], digest: [UInt8], configuration: Configuration?) {
        self.findings = findings
        self.files = files
        self.digest = digest
        self.configuration = configuration
    }

    package var errors: [Finding] { findings.filter { $0.severity == .error } }
    package var warnings: [Finding] { findings.filter { $0.severity == .warning } }

    /// Changes whenever a reader of another version would misread `checked`.
    private static let format: UInt32 = 1

    /// The report as bytes.
    package func encoded() -> [UInt8] {
        var bundle = ConfigurationBundle()
        bundle.format = Self.format
        bundle.diagnostics = findings.map { Diagnostic($0) }
        bundle.files = files.map { file in
            var message = SourceFile()
            message.path = file.path
            message.content = file.content
            return message
        }
        bundle.digest = digest
        bundle.checked = configuration.map { CheckedConfiguration($0) }
        return bundle.encoded()
    }

    /// Reads a report.
    ///
    /// - Throws: `BundleError` for anything that `encoded()` does not write.
    package init(decoding bytes: some Collection<UInt8>) throws(BundleError) {
        let bundle = try BundleError.reading(ConfigurationBundle.self, bytes)
        guard bundle.format == Self.format else { throw .format(bundle.format, expected: Self.format) }
        var findings: [Finding] = []
        for message in bundle.diagnostics { findings.append(try Finding(message)) }
        self.findings = findings
        files = bundle.files.map { File(path: $0.path, content: $0.content) }
        digest = bundle.digest
        if let checked = bundle.checked { configuration = try Configuration(checked) } else { configuration = nil }
        let isValid = !findings.contains { $0.severity == .error }
        if isValid, configuration == nil { throw .missing("checked") }
        if !isValid, configuration != nil { throw .invalid("checked") }
    }
}

extension BundleError {
    /// A message of the schema from bytes.
    static func reading<Message: ProtobufMessage>(
        _: Message.Type,
        _ bytes: some Collection<UInt8>
    ) throws(BundleError) -> Message {
        do {
            return try Message(decoding: bytes)
        } catch {
            throw .malformed(error)
        }
    }
}

extension Diagnostic {
    init(_ finding: Finding) {
        self.init()
        file = finding.position.file
        line = UInt32(clamping: finding.position.line)
        column = UInt32(clamping: finding.position.column)
        key = finding.key
        message = finding.problem
        mend = finding.mend
        severity = finding.severity == .error ? .error : .warning
    }
}

extension Finding {
    init(_ message: Diagnostic) throws(BundleError) {
        let place = SourcePosition(file: message.file, line: Int(message.line), column: Int(message.column))
        let severity: Severity
        switch message.severity {
        case .error: severity = .error
        case .warning: severity = .warning
        default: throw .invalid("severity")
        }
        self.init(severity, place, message.key, message.message, message.mend)
    }
}
