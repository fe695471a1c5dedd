/// Listeners of all sections, and contradictions between them.
struct ListenerChecks {
    /// One listener and the value that asks for it.
    struct Asked {
        var listener: Listener
        var setting: Setting
    }

    /// The sections that have listeners: each is named like its worker.
    static let sections = ["proxy"]

    private(set) var asked: [Asked] = []

    init(_ root: Setting) {
        for section in Self.sections {
            for element in root[section]["listen"].elements where !element.isMistaken {
                guard let address = element.text.flatMap(ListenAddress.init) else { continue }
                asked.append(Asked(listener: Listener(name: "\(section).listen", address: address), setting: element))
            }
        }
    }

    /// The listeners of a worker.
    func listeners(of worker: String) -> [Listener] {
        asked.map(\.listener).filter { $0.name == "\(worker).listen" }
    }

    func run(_ validation: inout Validation) {
        for (index, one) in asked.enumerated() {
            guard
                let other = asked[..<index].first(where: { $0.listener.address.conflicts(with: one.listener.address) })
            else { continue }
            validation.report(
                one.setting,
                "\(one.listener.address) is already taken by \(other.setting.path) (\(other.listener.address))",
                "choose another port"
            )
        }
    }
}
