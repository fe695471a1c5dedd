/// One address that backends of any rule may name, with its pool of idle connections. Outlives configuration
/// generations as long as one of them, or a connection, uses it.
struct Endpoint {
    let address: SocketAddress
    /// `host:port`, the key under which it is found.
    let authority: String
    /// Idle connections, the last used first.
    var pool: StreamPointer?
    var pooled = 0
    /// Connections of any kind.
    var connections = 0
    /// Rule tables that name it.
    var tables = 0

    init(address: SocketAddress, authority: String) {
        self.address = address
        self.authority = authority
    }
}
