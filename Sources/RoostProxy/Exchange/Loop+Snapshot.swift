extension Loop {
    /// Copies all figures.
    func snapshot() -> ProxySnapshot {
        var rules: [String: ProxySnapshot.Rule] = [:]
        for (key, entry) in traffic.entries where key.backend == nil {
            rules[key.rule] = ProxySnapshot.Rule(traffic: entry.counters.pointee.snapshot, backends: [:])
        }
        for (key, entry) in traffic.entries {
            if let backend = key.backend { rules[key.rule]?.backends[backend] = entry.counters.pointee.snapshot }
        }
        return ProxySnapshot(
            generation: table.pointee.generation,
            completed: completed,
            inFlight: exchanges.count,
            connections: clientCount,
            accepted: accepted,
            pooledConnections: endpoints.values.reduce(0) { $0 + $1.pointee.pooled },
            bufferBytes: buffers.bytesInUse,
            mostBufferBytes: buffers.mostBytesInUse,
            acceptPauses: acceptPauses,
            refused: refused.snapshot,
            rules: rules
        )
    }
}
