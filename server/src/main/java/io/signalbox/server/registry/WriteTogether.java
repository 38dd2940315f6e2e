package io.signalbox.server.registry;

import io.signalbox.server.store.RecordTable;
import io.signalbox.server.store.StoreException;
import io.signalbox.server.store.WriteRecords;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Several changes of the registry in one command of the store: all of them are durable and visible,
 * or none. For kinds of which nobody else writes the entries meanwhile: a change in between is
 * refused and not tried again.
 */
final class WriteTogether {
  private final Registry registry;
  private final List<Planned<?>> planned = new ArrayList<>();
  private final References.Together together = new References.Together();

  WriteTogether(Registry registry) {
    this.registry = registry;
  }

  /**
   * Waits until all of it is durable.
   *
   * @param beside further records of the same command, made of what changes; not asked when nothing
   *     does
   * @param visible run on the store's thread once all of it is
   * @return in the order of the edits
   */
  List<Written<?>> write(
      List<Edit<?>> edits,
      Function<List<Change<?>>, List<WriteRecords.Write>> beside,
      Runnable visible)
      throws RegistryException, InterruptedException {
    List<Change<?>> changes = check(edits);
    List<WriteRecords.Write> writes = new ArrayList<>();
    for (Planned<?> each : planned) {
      each.addTo(writes);
    }
    if (!writes.isEmpty()) {
      writes.addAll(beside.apply(changes));
      submit(new WriteRecords(writes, planned.stream().anyMatch(Planned::grows)), visible);
    }
    List<Written<?>> written = new ArrayList<>();
    for (Planned<?> each : planned) {
      written.add(each.written());
    }
    return written;
  }

  /** What {@link #write} would change, and its refusals; nothing changes. */
  List<Change<?>> tryOut(List<Edit<?>> edits) throws RegistryException {
    List<Change<?>> changes = check(edits);
    for (Map.Entry<Kind<?>, Integer> each : growth().entrySet()) {
      registry.room().check(each.getKey(), each.getValue());
    }
    return changes;
  }

  private List<Change<?>> check(List<Edit<?>> edits) throws RegistryException {
    for (Edit<?> edit : edits) {
      plan(edit);
    }
    List<Change<?>> changes = new ArrayList<>();
    for (Planned<?> each : planned) {
      each.check();
      if (each.isChanged()) {
        changes.add(each.change());
      }
    }
    return changes;
  }

  private void submit(WriteRecords command, Runnable visible)
      throws RegistryException, InterruptedException {
    Map<Kind<?>, Integer> growth = growth();
    takeRoom(growth);
    var pending =
        new PendingWrite(
            revision -> {
              for (Planned<?> each : planned) {
                each.apply((Long) revision);
              }
              growth.forEach((kind, more) -> registry.room().free(kind, Math.max(-more, 0)));
              visible.run();
            },
            () -> growth.forEach((kind, more) -> registry.room().free(kind, Math.max(more, 0))));
    registry.store().writer().submit(command, pending);
    try {
      pending.await();
    } catch (StoreException e) {
      Planned<?> first = planned.getFirst();
      throw Registry.refused(first.edit.kind(), first.edit.name(), e);
    }
  }

  /** How many more of each kind there are afterwards. */
  private Map<Kind<?>, Integer> growth() {
    Map<Kind<?>, Integer> growth = new HashMap<>();
    for (Planned<?> each : planned) {
      growth.merge(each.edit.kind(), each.growth(), Integer::sum);
    }
    return growth;
  }

  /** Of all kinds or of none. */
  private void takeRoom(Map<Kind<?>, Integer> growth) throws RegistryException {
    Map<Kind<?>, Integer> taken = new HashMap<>();
    try {
      for (Map.Entry<Kind<?>, Integer> each : growth.entrySet()) {
        int more = Math.max(each.getValue(), 0);
        registry.room().take(each.getKey(), more);
        taken.put(each.getKey(), more);
      }
    } catch (RegistryException e) {
      taken.forEach(registry.room()::free);
      throw e;
    }
  }

  private <E extends Entry<E>> void plan(Edit<E> edit) throws RegistryException {
    Names.check(edit.kind(), edit.name());
    E existing = registry.find(edit.kind(), edit.name());
    if (edit.kind() == Kind.CERTIFICATE && existing == null && edit.content() == null) {
      throw RegistryException.notFound(edit.kind(), edit.name()); // removed meanwhile
    }
    edit.condition().check(edit.kind(), edit.name(), existing);
    Registry.Maker<E> maker = edit.maker();
    if (maker == null && existing == null) {
      throw RegistryException.notFound(edit.kind(), edit.name());
    }
    planned.add(new Planned<>(edit, existing, maker == null ? null : maker.make(existing)));
    together.note(edit.kind(), edit.name(), maker != null);
  }

  /** One of the changes. */
  private final class Planned<E extends Entry<E>> {
    private final Edit<E> edit;
    private final @Nullable E before;
    private @Nullable E after;

    Planned(Edit<E> edit, @Nullable E before, @Nullable E wanted) {
      this.edit = edit;
      this.before = before;
      this.after = wanted;
      if (wanted != null) {
        long now = registry.nowMillis();
        after =
            before != null && wanted.withStamp(before.stamp()).equals(before)
                ? before
                : wanted.withStamp(
                    new Stamp(
                        before == null
                            ? registry.createdAt(wanted, now)
                            : before.stamp().createdAtMillis(),
                        now,
                        0));
      }
    }

    @SuppressWarnings("ReferenceEquality") // the very entry stays
    boolean isChanged() {
      return before != after;
    }

    boolean grows() {
      E wanted = after;
      return isChanged() && wanted != null && registry.grows(before, wanted);
    }

    int growth() {
      return (after == null ? 0 : 1) - (before == null ? 0 : 1);
    }

    void check() throws RegistryException {
      E wanted = after;
      if (!isChanged()) {
        return;
      }
      if (wanted != null) {
        registry.check(wanted, together);
      } else if (before != null) {
        registry.checkUnused(before, together);
      }
    }

    void addTo(List<WriteRecords.Write> writes) {
      if (isChanged()) {
        writes.add(
            new WriteRecords.Write(
                RecordTable.REGISTRY,
                edit.kind().key(edit.name()),
                before == null ? 0 : before.stamp().revision(),
                after == null ? null : registry.row(edit.kind(), after, edit.content())));
      }
    }

    Change<E> change() {
      return new Change<>(edit.kind(), edit.name(), before, after);
    }

    /** On the store's thread. */
    void apply(long revision) {
      if (isChanged()) {
        E wanted = after;
        E stored = wanted == null ? null : wanted.withStamp(wanted.stamp().withRevision(revision));
        after = stored;
        registry.apply(new Change<>(edit.kind(), edit.name(), before, stored));
      }
    }

    Written<E> written() {
      return new Written<>(before, after);
    }
  }
}
