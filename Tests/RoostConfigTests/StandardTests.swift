import RoostConfig
import Testing

@Suite struct StandardTests {
    @Test("the standard settings are those of a file that says nothing")
    func same() throws {
        let outcome = Sample.check("workers: { proxy: {}, site: { command: [/bin/site] } }")
        #expect(SupervisorSettings.standard.lease == outcome.configuration.supervisor.lease)
        #expect(SharedLimits.standard == outcome.configuration.limits)
        var proxy = WorkerSpecification.standard("proxy")
        proxy.listeners = outcome.configuration.workers[0].listeners
        #expect(proxy == outcome.configuration.workers[0])
        #expect(WorkerSpecification.standard("site", command: ["/bin/site"]) == outcome.configuration.workers[1])
        let section = try ProxySection(decoding: outcome.configuration.section(of: "proxy"))
        #expect(ProxySettings.standard == section.settings)
        #expect(Configuration.standard.workers == [] && Configuration.standard.section(of: "proxy") == [])
    }

    @Test("each key says what a change of it asks for, and all three answers occur")
    func changes() {
        func classes(_ schema: ObjectSchema) -> [SchemaKey.Change] {
            schema.keys.flatMap { key -> [SchemaKey.Change] in
                switch key.type {
                case .object(let inner), .map(_, .object(let inner)): classes(inner)
                default: [key.change]
                }
            }
        }
        #expect(Set(classes(RoostSchema.root)) == [.live, .rolling, .supervisor])
        #expect(Set(classes(RuleSchema.root)) == [.live])
    }
}
