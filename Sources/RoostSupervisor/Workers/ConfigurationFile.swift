import CLinux
import Glibc
import RoostProtocol
import RoostReactor

/// What a worker starts with, as a sealed file in memory that every instance of it inherits: it needs neither a
/// connection nor a disk to begin its work. Readers use pread(2), since all share one offset.
enum ConfigurationFile {
    /// - Throws: `SystemError`.
    static func make(_ content: Prepare) throws(SystemError) -> SharedDescriptor {
        let number = roost_memfd("roost-configuration")
        guard number >= 0 else { throw SystemError("memfd_create", code: -number) }
        let file = SharedDescriptor(owning: number)
        let bytes = content.encoded()
        guard write(number, bytes, bytes.count) == bytes.count else { throw SystemError("write", code: errno) }
        // A worker cannot change what its successor will read.
        guard roost_seal(number) == 0 else { throw SystemError("fcntl F_ADD_SEALS", code: errno) }
        return file
    }
}
