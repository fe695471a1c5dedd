import Glibc
package import RoostConfig

/// A configuration read from its folder: `roost.yaml` and the rules beside it.
package struct LoadedConfiguration: Sendable {
    package var report: ConfigurationReport
    /// The main file is not there or cannot be read.
    package var isMissing: Bool
    /// The effective values of `roost.yaml`; nil when its text could not be read as YAML.
    package var settings: Setting?
    package var rules: [Setting]

    /// The folder of rules, beside `roost.yaml`.
    package static let rulesFolder = "rules.d"
    /// More rule files are refused.
    static let mostRules = 1000

    /// Reads and checks `path`. `variables` is the environment, `machine` answers for users, groups and programs.
    package static func load(_ path: String, variables: [String: String], machine: Machine) -> LoadedConfiguration {
        var reading = Reading()
        let main: [UInt8]
        do throws(RegularFile.Failure) {
            main = try RegularFile.read(path, limit: YAMLText.largestFile)
        } catch {
            let isMissing = error != .tooLarge
            let report = ConfigurationReport(findings: [error.finding(path)], files: [], digest: [], configuration: nil)
            return LoadedConfiguration(report: report, isMissing: isMissing, settings: nil, rules: [])
        }
        let folder = FilePath.folder(of: path)
        let mainFile = reading.add(main, path: path, name: FilePath.name(of: path))
        let rules = reading.rules(of: folder == "." && !path.hasPrefix("./") ? rulesFolder : "\(folder)/\(rulesFolder)")
        let digest = reading.digest(variables)

        // A file that is no YAML hides what depends on it, so the others are still checked on their own.
        let text = ConfigurationText(
            main: mainFile ?? ParsedFile(path: path, node: nil),
            rules: rules,
            variables: variables,
            directory: absolute(folder)
        )
        let outcome = text.check(machine: machine)
        let own = mainFile == nil ? outcome.findings.filter { $0.position.file != path } : outcome.findings
        let findings = (reading.faults + own).sorted()
        let isValid = !findings.contains { $0.severity == .error }
        return LoadedConfiguration(
            report: ConfigurationReport(
                findings: findings,
                files: reading.files,
                digest: digest,
                configuration: isValid ? outcome.configuration : nil
            ),
            isMissing: false,
            settings: mainFile == nil ? nil : outcome.settings,
            rules: outcome.rules
        )
    }

    private static func absolute(_ folder: String) -> String {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        guard getcwd(&buffer, buffer.count) != nil else { return folder }
        let current = String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return FilePath.resolve(folder, from: current)
    }
}

/// Files on their way from disk to trees.
private struct Reading {
    var files: [ConfigurationReport.File] = []
    var faults: [Finding] = []

    /// Keeps the text and parses it; nil when it is no YAML.
    mutating func add(_ content: [UInt8], path: String, name: String) -> ParsedFile? {
        files.append(ConfigurationReport.File(path: name, content: content))
        let (node, found) = YAMLText.read(content, file: path)
        faults += found
        return found.isEmpty || node != nil ? ParsedFile(path: path, node: node) : nil
    }

    /// The rule files: `*.yaml`, without hidden ones and what editors leave behind.
    mutating func rules(of folder: String) -> [ParsedFile] {
        let names: [String]
        do throws(RegularFile.Failure) {
            names = try RegularFile.names(in: folder)
        } catch {
            faults.append(error.finding(folder))
            return []
        }
        for name in names where name.hasSuffix(".yml") && !name.hasPrefix(".") {
            let place = SourcePosition(file: "\(folder)/\(name)")
            faults.append(Finding(.warning, place, "file", "is not read, rules end in .yaml", "rename it"))
        }
        let wanted = names.filter { $0.hasSuffix(".yaml") && !$0.hasPrefix(".") && $0 != ".yaml" }
        guard wanted.count <= LoadedConfiguration.mostRules else {
            let place = SourcePosition(file: folder)
            let most = LoadedConfiguration.mostRules
            faults.append(Finding(place, "file", "holds \(wanted.count) rules, more than \(most)", "remove some"))
            return []
        }
        return wanted.compactMap { name in rule("\(folder)/\(name)", name: name) }
    }

    private mutating func rule(_ path: String, name: String) -> ParsedFile? {
        do throws(RegularFile.Failure) {
            let content = try RegularFile.read(path, limit: YAMLText.largestFile)
            return add(content, path: path, name: "\(LoadedConfiguration.rulesFolder)/\(name)")
        } catch {
            // Deleted after the folder was listed: then it is no rule any more.
            if error != .missing { faults.append(error.finding(path)) }
            return nil
        }
    }

    /// Over names and contents, each with its length, and the variables that may override keys.
    func digest(_ variables: [String: String]) -> [UInt8] {
        var hash = SHA256()
        func add(_ bytes: some Collection<UInt8>) {
            hash.update("\(bytes.count):".utf8)
            hash.update(bytes)
        }
        for file in files {
            add(file.path.utf8)
            add(file.content)
        }
        for (name, value) in EnvironmentOverrides.candidates(variables) {
            add(name.utf8)
            add(value.utf8)
        }
        return hash.finish()
    }
}
