import CLinux
import Glibc
import RoostProtocol
import RoostReactor

/// What a worker starts with, as a sealed file in memory that every instance of it inherits: it needs neither a
/// connection nor a disk to begin its work.
package struct ConfigurationFile: ~Copyable {
    package let generation: UInt64
    private let file: Descriptor

    /// - Throws: `SystemError`.
    package init(_ content: Prepare) throws(SystemError) {
        generation = content.generation
        let number = roost_memfd("roost-configuration")
        guard number >= 0 else { throw SystemError("memfd_create", code: -number) }
        file = Descriptor(owning: number)
        let bytes = content.encoded()
        guard write(number, bytes, bytes.count) == bytes.count else { throw SystemError("write", code: errno) }
        // The worker cannot change what its successor will read.
        let seals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE
        guard fcntl(number, F_ADD_SEALS, seals) == 0 else { throw SystemError("fcntl F_ADD_SEALS", code: errno) }
    }

    /// For handing down; readers use pread(2), since all share one offset.
    package var number: Int32 { file.number }
}
