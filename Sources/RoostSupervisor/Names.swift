// Several modules have these names; here the plain name means this one, and the others are written with their module.
package import RoostConfig
package import RoostPolicy

package typealias WorkerState = RoostPolicy.WorkerState
package typealias ExitReason = RoostPolicy.ExitReason
package typealias Listener = RoostConfig.Listener
