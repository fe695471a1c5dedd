extension Supervisor {
    /// To be called at SIGCHLD: reaps what is not one of our own children.
    package func sweepStrays() { strays?.sweep() }
}
