/// One backend of a rule, compiled.
struct CompiledBackend {
    let endpoint: UnsafeMutablePointer<Endpoint>
    let weight: Int32
    let authority: ByteText
    let traffic: UnsafeMutablePointer<TrafficCounters>
}

/// One rule, compiled: everything that the hot path reads is plain memory.
struct CompiledRule {
    let name: ByteText
    let action: ProxyRule.Action
    let backends: UnsafeMutableBufferPointer<CompiledBackend>
    /// State of the balancer.
    let credits: UnsafeMutablePointer<Int32>
    let stripPrefix: ByteText?
    let addPrefix: ByteText?
    let sendsBackendHost: Bool
    /// In nanoseconds.
    let connectTimeout: Int64
    let responseTimeout: Int64
    let idleTimeout: Int64
    let traffic: UnsafeMutablePointer<TrafficCounters>

    /// The backend whose turn it is.
    @inline(__always)
    func pick(except excluded: Int) -> Int? {
        if backends.count == 1 { return excluded == 0 || backends[0].weight <= 0 ? nil : 0 }
        let backends = backends
        return WeightedRoundRobin.pick(
            backends.count,
            weight: { backends[$0].weight },
            credits: credits,
            except: excluded
        )
    }
}

/// The rules of one configuration generation: immutable but for the balancers' state. Exchanges hold it by a plain count;
/// a table that was replaced goes when its last exchange ends.
struct RuleTable {
    let generation: UInt64
    let configuration: ProxyConfiguration
    let rules: UnsafeMutableBufferPointer<CompiledRule>
    let matcher: RuleMatcher
    /// Exchanges that use it.
    var users = 0
    var isRetired = false
}
