extension Method {
    /// The number in a frame header. Numbers of the schema fit 16 bits; what a caller makes up is cut.
    package var number: UInt16 { UInt16(truncatingIfNeeded: rawValue) }

    package init(number: UInt16) { self.init(rawValue: Int32(number)) }
}
