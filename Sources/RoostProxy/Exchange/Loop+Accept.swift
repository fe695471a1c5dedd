import CLinux
import Glibc
import RoostReactor

/// An inherited listener.
struct Listener {
    let descriptor: Int32
    /// Nil while accepting is paused.
    var token: SourceToken?
}

extension Loop {
    /// How many connections one turn takes from one listener, so that a flood of them cannot starve those that are there.
    private static let acceptBudget = 64
    /// EPOLLEXCLUSIVE of epoll_ctl(2): instances share a listener, and one of them wakes up for a connection.
    private static let exclusive = Readiness(rawValue: 1 << 28)

    /// Watches the listeners, unless there are too many connections or a drain has begun.
    mutating func startAccepting() {
        guard !drain.hasBegun, clientCount < limits.connections else { return }
        let loop = address
        for index in listeners.indices where listeners[index].token == nil {
            let descriptor = listeners[index].descriptor
            listeners[index].token = try? reactor.register(descriptor, for: [.readable, Self.exclusive]) { _ in
                loop.pointee.accept(from: descriptor)
            }
            // No descriptor or memory for the registration: the same wait as when accept fails for it.
            if listeners[index].token == nil { pauseAccepting(retry: true) }
        }
    }

    /// Watches further listeners, at once if a configuration is in force.
    mutating func add(_ descriptors: [Int32]) {
        listeners += descriptors.map { Listener(descriptor: $0, token: nil) }
        if isServing { startAccepting() }
    }

    /// What waits in the backlogs when a drain begins: the kernel may have told of it nobody but this process, and whoever
    /// shares the listeners would not hear of it before the next connection. To be called after `stopAccepting`, so that
    /// whatever comes later wakes somebody else.
    mutating func acceptLast() {
        for listener in listeners {
            while clientCount < limits.connections {
                let descriptor = roost_accept(listener.descriptor)
                if descriptor >= 0 { admit(descriptor) } else if descriptor != -ECONNABORTED { break }
            }
        }
    }

    mutating func stopAccepting() {
        for index in listeners.indices {
            if let token = listeners[index].token { reactor.unregister(token) }
            listeners[index].token = nil
        }
        if let timer = acceptsAgainAt { reactor.cancel(timer) }
        acceptsAgainAt = nil
    }

    /// The backlog holds what comes meanwhile. With `retry`, a timer tries again; without, the next close does.
    private mutating func pauseAccepting(retry: Bool) {
        acceptPauses &+= 1
        stopAccepting()
        guard retry else { return }
        let loop = address
        acceptsAgainAt = reactor.schedule(after: .milliseconds(200)) {
            loop.pointee.acceptsAgainAt = nil
            loop.pointee.startAccepting()
        }
    }

    private mutating func accept(from listener: Int32) {
        tick()
        for _ in 0..<Self.acceptBudget {
            guard clientCount < limits.connections else { return pauseAccepting(retry: false) }
            let descriptor = roost_accept(listener)
            if descriptor >= 0 {
                admit(descriptor)
                continue
            }
            switch -descriptor {
            case EAGAIN: return
            // Out of descriptors or memory: looking again at once would spin (accept(2)).
            case EMFILE, ENFILE, ENOBUFS, ENOMEM: return pauseAccepting(retry: true)
            case EBADF, EINVAL, ENOTSOCK: return pauseAccepting(retry: true)
            default: continue  // the connection was gone before it was taken
            }
        }
    }

    private mutating func admit(_ descriptor: Int32) {
        var one: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
        guard let client = open(descriptor, .client, .reading) else { return }
        accepted &+= 1
        client.pointee.addressLength = withUnsafeMutableBytes(of: &client.pointee.address) { raw in
            guard let base = raw.baseAddress else { return 0 }
            return UInt8(SocketAddress.peerText(of: descriptor, to: base.assumingMemoryBound(to: UInt8.self)))
        }
        client.pointee.next = clients
        clients?.pointee.previous = client
        clients = client
        clientCount += 1
        time(client, out: now &+ headerTimeout)
    }

    /// Takes an ended client off the list.
    mutating func removeClient(_ client: StreamPointer) {
        let (previous, next) = (client.pointee.previous, client.pointee.next)
        next?.pointee.previous = previous
        if let previous { previous.pointee.next = next } else { clients = next }
        client.pointee.previous = nil
        clientCount -= 1
        if clientCount == limits.connections - 1 { startAccepting() }
    }
}
