package io.signalbox.server.registry;

import io.signalbox.server.registry.PolicyRevision.Target;
import io.signalbox.server.store.PutRecord;
import io.signalbox.server.store.RecordTable;
import io.signalbox.server.store.StoreException;
import io.signalbox.server.store.StoredRecord;
import io.signalbox.server.store.WriteRecords;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The changes of the policies in force, the latest ones kept on disk. A change of the API's
 * policies and its revision are one command of the store: there is never one without the other.
 *
 * <p>A revision holds what was there before it, so that what the API had at any of them is what it
 * has now, with the later ones taken back. Any thread reads; changes are one at a time, which the
 * caller sees to.
 */
public final class PolicyHistory {
  private static final Logger LOG = System.getLogger(PolicyHistory.class.getName());

  /** A policy or an attachment. */
  public record Place(PolicyRevision.What what, String name) {}

  private final @Nullable Registry registry;
  private final int keptMax;
  private final Deque<Long> kept = new ArrayDeque<>();
  private volatile @Nullable PolicyRevision latest;

  /** By number, of those that were asked for: see {@link PolicyRevision#targets}. */
  private final Map<Long, Set<Target>> targets = new HashMap<>();

  private PolicyHistory(@Nullable Registry registry, int keptMax) {
    this.registry = registry;
    this.keptMax = keptMax;
  }

  /**
   * Reads which revisions there are.
   *
   * @param registry holds the API's policies; null: nothing is kept, and numbers begin at 1
   * @param keptMax 1..
   * @throws IllegalStateException with words for people: the latest one cannot be read
   */
  public static PolicyHistory open(@Nullable Registry registry, int keptMax) {
    var history = new PolicyHistory(registry, keptMax);
    if (registry != null) {
      registry
          .store()
          .records(
              RecordTable.POLICY,
              row -> PolicyRevision.number(row.key()).ifPresent(history.kept::addLast));
      Long last = history.kept.peekLast();
      if (last != null) {
        history.latest = history.find(last).orElseThrow();
      }
    }
    return history;
  }

  /** The one in force; null before the first. */
  public @Nullable PolicyRevision latest() {
    return latest;
  }

  /** How many are kept. */
  public int count() {
    synchronized (kept) {
      return kept.size();
    }
  }

  /** Oldest first. Reads the disk. */
  public List<PolicyRevision> all() {
    List<Long> numbers;
    synchronized (kept) {
      numbers = List.copyOf(kept);
    }
    return numbers.stream().flatMap(number -> find(number).stream()).toList();
  }

  /** One of those that are kept. Reads the disk. */
  public Optional<PolicyRevision> find(long number) {
    Registry stored = registry;
    if (stored == null) {
      return Optional.empty();
    }
    StoredRecord row = stored.store().record(RecordTable.POLICY, PolicyRevision.key(number));
    return row == null ? Optional.empty() : Optional.of(PolicyRevision.decode(number, row.value()));
  }

  /**
   * What the API had at a revision, of what has changed since. Reads the disk; while nothing
   * changes.
   *
   * @return empty values: it was not there
   */
  public Map<Place, Optional<Entry<?>>> asOf(long number) {
    Map<Place, Optional<Entry<?>>> then = new LinkedHashMap<>();
    changedSince(number)
        .forEach((place, delta) -> then.put(place, Optional.ofNullable(delta.before())));
    return then;
  }

  /**
   * The attachments that the API had at a revision and that are another's by now: who had them has
   * been removed since. Reads the disk; while nothing changes.
   */
  public Set<Place> orphans(long number) {
    return changedSince(number).entrySet().stream()
        .filter(change -> change.getValue().orphaned())
        .map(Map.Entry::getKey)
        .collect(Collectors.toUnmodifiableSet());
  }

  /**
   * The attachments that the API had not at a revision, and that no revision since gave to whom
   * they are for by now: that one came later than another of its name, and brought them along.
   * Reads the disk; while nothing changes.
   */
  public Set<Place> broughtAlong(long number) {
    Map<Place, PolicyRevision.Delta> ofNow = changedSince(number, delta -> !delta.orphaned());
    Set<Place> brought = new HashSet<>();
    changedSince(number)
        .forEach(
            (place, first) -> {
              PolicyRevision.Delta own = ofNow.get(place);
              boolean isGiven = own != null && own.before() == null;
              if (first.orphaned() && first.before() == null && !isGiven) {
                brought.add(place);
              }
            });
    return brought;
  }

  private Map<Place, PolicyRevision.Delta> changedSince(long number) {
    return changedSince(number, _ -> true);
  }

  /** The first change of each thing after a revision, of those that are wanted. */
  private Map<Place, PolicyRevision.Delta> changedSince(
      long number, Predicate<PolicyRevision.Delta> wanted) {
    Map<Place, PolicyRevision.Delta> changes = new LinkedHashMap<>();
    for (PolicyRevision revision : all().reversed()) {
      if (revision.number() <= number) {
        break;
      }
      for (PolicyRevision.Delta delta : revision.deltas()) {
        if (delta.what() != PolicyRevision.What.FILE && wanted.test(delta)) {
          changes.put(new Place(delta.what(), delta.name()), delta);
        }
      }
    }
    return changes;
  }

  /**
   * Stores changes of the API's policies together with their revision, or nothing.
   *
   * @param revision its number and what changed are filled in
   * @return what was written, and the revision: the latest one if everything was as asked already
   */
  public Stored store(List<Edit<?>> edits, PolicyRevision revision)
      throws RegistryException, InterruptedException {
    Registry stored = registry;
    if (stored == null) {
      throw new IllegalStateException("there is no registry to store policies in");
    }
    var written = new ArrayList<PolicyRevision>();
    List<Written<?>> changes =
        stored.writeTogether(
            edits,
            made -> {
              List<PolicyRevision.Delta> deltas = new ArrayList<>();
              made.forEach(change -> deltas.add(PolicyRevision.Delta.of(change)));
              PolicyRevision next = revision.withNumber(nextNumber(), deltas);
              written.add(next);
              return rows(next);
            },
            () -> added(written.getFirst()));
    PolicyRevision now = latest;
    if (now == null) {
      throw new IllegalStateException("nothing was in force before the first change");
    }
    return new Stored(changes, now);
  }

  /**
   * Stores changes that are no revision: nobody decided them now, a rollback leaves them alone. Of
   * who is removed with them, the revisions that are kept give nothing to a later one of the name.
   *
   * @return in the order of the edits
   */
  public List<Written<?>> storeAside(List<Edit<?>> edits)
      throws RegistryException, InterruptedException {
    Registry stored = registry;
    if (stored == null) {
      throw new IllegalStateException("there is no registry to store policies in");
    }
    List<PolicyRevision> orphaned = new ArrayList<>();
    return stored.writeTogether(
        edits,
        changes -> {
          orphaned.addAll(orphanedBy(changes));
          return orphaned.stream().map(each -> row(each, PutRecord.ANY_REVISION)).toList();
        },
        () -> orphaned.forEach(this::rewritten));
  }

  /** Revisions that must forget whose attachments they hold. */
  private List<PolicyRevision> orphanedBy(List<Change<?>> changes) {
    Set<Target> gone = new HashSet<>();
    for (Change<?> change : changes) {
      if (change.after() == null && change.kind() != Kind.CERTIFICATE) { // never another's
        PolicyAttachment.TargetKind.of(change.kind())
            .ifPresent(kind -> gone.add(new Target(kind, change.name())));
      }
    }
    if (gone.isEmpty()) {
      return List.of();
    }
    List<Long> numbers;
    synchronized (kept) {
      numbers = List.copyOf(kept);
    }
    targets.keySet().retainAll(numbers);
    List<PolicyRevision> orphaned = new ArrayList<>();
    for (long number : numbers) {
      if (!Collections.disjoint(targets.computeIfAbsent(number, this::targets), gone)) {
        find(number).ifPresent(revision -> orphaned.add(revision.orphaning(gone)));
        targets.remove(number);
      }
    }
    return orphaned;
  }

  /** Nobody's of one that cannot be read: nothing can come back of it either. */
  private Set<Target> targets(long number) {
    try {
      return find(number).map(PolicyRevision::targets).orElse(Set.of());
    } catch (IllegalStateException e) {
      LOG.log(Level.WARNING, "revision {0} of the policies cannot be read: {1}", number, e);
      return Set.of();
    }
  }

  /** On the store's thread. */
  private void rewritten(PolicyRevision revision) {
    PolicyRevision now = latest;
    if (now != null && now.number() == revision.number()) {
      latest = revision;
    }
  }

  private static WriteRecords.Write row(PolicyRevision revision, long expectedRevision) {
    return WriteRecords.Write.put(
        RecordTable.POLICY,
        PolicyRevision.key(revision.number()),
        expectedRevision,
        revision.encode());
  }

  /**
   * What edits would change.
   *
   * @throws RegistryException they would not be stored
   */
  public List<Change<?>> changes(List<Edit<?>> edits) throws RegistryException {
    Registry stored = registry;
    return stored == null ? List.of() : stored.tryTogether(edits);
  }

  /**
   * A change that is durable.
   *
   * @param written in the order of the edits
   */
  public record Stored(List<Written<?>> written, PolicyRevision revision) {}

  /**
   * Notes other policies that are in force whatever the store says: of files, or at a start.
   *
   * @param revision its number is filled in
   * @throws RegistryException it has its number, and is not on disk
   */
  public void note(PolicyRevision revision) throws RegistryException, InterruptedException {
    PolicyRevision next = revision.withNumber(nextNumber(), revision.deltas());
    latest = next;
    Registry stored = registry;
    if (stored == null) {
      return;
    }
    var pending = new PendingWrite(_ -> added(next));
    stored.store().writer().submit(new WriteRecords(rows(next), true), pending);
    try {
      pending.await();
    } catch (StoreException e) {
      throw new RegistryException(
          RegistryException.Reason.UNAVAILABLE, String.valueOf(e.getMessage()));
    }
  }

  private long nextNumber() {
    PolicyRevision now = latest;
    return now == null ? 1 : now.number() + 1;
  }

  /** The new row, and those that go. */
  private List<WriteRecords.Write> rows(PolicyRevision next) {
    List<WriteRecords.Write> writes = new ArrayList<>();
    writes.add(row(next, 0));
    int over = count() + 1 - keptMax;
    synchronized (kept) {
      kept.stream()
          .limit(Math.max(over, 0))
          .forEach(
              number ->
                  writes.add(
                      WriteRecords.Write.remove(
                          RecordTable.POLICY, PolicyRevision.key(number), PutRecord.ANY_REVISION)));
    }
    return writes;
  }

  /** On the store's thread, before anybody is told that it is durable. */
  private void added(PolicyRevision revision) {
    latest = revision;
    synchronized (kept) {
      kept.addLast(revision.number());
      while (kept.size() > keptMax) {
        kept.removeFirst();
      }
    }
  }

  /** The oldest one that is kept. */
  public OptionalLong oldest() {
    synchronized (kept) {
      Long first = kept.peekFirst();
      return first == null ? OptionalLong.empty() : OptionalLong.of(first);
    }
  }
}
