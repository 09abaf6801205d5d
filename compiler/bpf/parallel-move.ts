// Orders moves that happen at once so that none overwrites what another still needs.

/** Moves between numbered places: registers, or registers and stack slots. */
@final
export class ParallelMove {
  private pendingTargets: Array<i32> = [];
  private pendingSources: Array<i32> = [];
  /** The moves in order, filled by `sequence`. */
  targets: Array<i32> = [];
  sources: Array<i32> = [];

  /** Adds `target` = `source`. Each target may be added once. */
  add(target: i32, source: i32): void {
    if (target == source) return;
    this.pendingTargets.push(target);
    this.pendingSources.push(source);
  }

  /** Orders the moves. Cycles go through the place `temporary`, which no move may have as its target. */
  sequence(temporary: i32): void {
    while (this.pendingTargets.length > 0) {
      const free = this.findFree();
      if (free >= 0) {
        this.emit(this.pendingTargets[free], this.pendingSources[free]);
        this.pendingTargets.splice(free, 1);
        this.pendingSources.splice(free, 1);
        continue;
      }
      // Only cycles are left: every pending target is a source too. Saving one target's old value opens its cycle.
      const saved = this.pendingTargets[0];
      this.emit(temporary, saved);
      for (let i = 0; i < this.pendingSources.length; i++) {
        if (this.pendingSources[i] == saved) this.pendingSources[i] = temporary;
      }
    }
  }

  private emit(target: i32, source: i32): void {
    this.targets.push(target);
    this.sources.push(source);
  }

  /** A pending move whose target no other pending move reads, or -1. */
  private findFree(): i32 {
    for (let i = 0; i < this.pendingTargets.length; i++) {
      if (!this.pendingSources.includes(this.pendingTargets[i])) return i;
    }
    return -1;
  }
}
