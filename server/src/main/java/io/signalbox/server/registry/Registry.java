package io.signalbox.server.registry;

import io.signalbox.server.config.RegistryConfig;
import io.signalbox.server.eventloop.Clocks;
import io.signalbox.server.metrics.Metrics;
import io.signalbox.server.registry.RegistryException.Reason;
import io.signalbox.server.store.DeleteRecord;
import io.signalbox.server.store.PutRecord;
import io.signalbox.server.store.RecordTable;
import io.signalbox.server.store.Store;
import io.signalbox.server.store.StoreException;
import io.signalbox.server.store.StoredRecord;
import io.signalbox.server.store.WriteRecords;
import java.io.Closeable;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Everything that is registered. Reading takes no lock and touches no disk, so that any thread may
 * ask; writing waits for the disk, so no I/O thread may.
 */
public final class Registry {
  private static final Logger LOG = System.getLogger(Registry.class.getName());
  private static final int ATTEMPTS_MAX = 64;

  /** What a row may say more once it is withdrawn: when and why it was revoked. */
  private static final int WITHDRAWAL_BYTES_MAX = 128;

  /** Their entries are compared with others of these kinds before they are stored. */
  private static final Set<Kind<?>> COMPARED =
      Set.of(Kind.JWT_ISSUER, Kind.TRUSTED_CA, Kind.ISSUING_CA);

  /** Their rows are loaded by fingerprint, which tells nothing of their age. */
  private static final Comparator<DeviceCertificate> OLDEST_FIRST =
      Comparator.<DeviceCertificate>comparingLong(one -> one.stamp().createdAtMillis())
          .thenComparingLong(one -> one.stamp().revision());

  /** Told of every change, after it is durable and visible, before its caller is answered. */
  @FunctionalInterface
  public interface ChangeListener {
    /** In the order of changes, on the store's thread: must be quick. */
    void changed(Change<?> change);
  }

  /**
   * Makes the entry that is to be stored.
   *
   * @param <E> the entry
   */
  @FunctionalInterface
  public interface Maker<E> {
    /**
     * @param existing null: there is none
     * @return {@code existing} itself if nothing is to change
     */
    E make(@Nullable E existing) throws RegistryException;
  }

  private final Store store;
  private final RegistryConfig config;
  private final Sealing sealing;
  private final Clocks clocks;
  private final Metrics metrics;
  private final Indexes indexes = new Indexes();
  private final References references = new References(indexes);
  private final Room room;
  private final List<ChangeListener> listeners = new CopyOnWriteArrayList<>();

  /** Held exclusively to remove what others may name, shared by all other writers. */
  private final ReadWriteLock structure = new ReentrantReadWriteLock();

  /**
   * Held while an entry that was compared with others is stored: two at once would not see each
   * other. Taken before {@link #structure}.
   */
  private final Lock comparing = new ReentrantLock();

  private Registry(
      Store store, RegistryConfig config, Sealing sealing, Clocks clocks, Metrics metrics) {
    this.store = store;
    this.sealing = sealing;
    this.config = config;
    this.clocks = clocks;
    this.metrics = metrics;
    this.room = new Room(config, metrics);
  }

  /**
   * Reads all of it into memory.
   *
   * @throws RegistryException a row cannot be read; what is not known is not allowed, so nothing
   *     starts without it
   */
  public static Registry open(
      Store store, RegistryConfig config, Sealing sealing, Clocks clocks, Metrics metrics)
      throws RegistryException {
    var registry = new Registry(store, config, sealing, clocks, metrics);
    try {
      store.records(RecordTable.REGISTRY, registry::load);
    } catch (IllegalStateException e) {
      throw new RegistryException(
          Reason.UNAVAILABLE,
          "the registry cannot be read: " + e.getMessage() + "; restore the data directory");
    }
    metrics.registryDevices.from(registry.indexes.of(Kind.DEVICE)::count);
    metrics.registryCertificates.from(registry.indexes.of(Kind.CERTIFICATE)::count);
    metrics.registrySecretsUnreadable.from(registry::unreadableSecrets);
    return registry;
  }

  private long unreadableSecrets() {
    return all(Kind.JWT_ISSUER).stream()
        .filter(issuer -> issuer.keys() instanceof JwtIssuer.Keys.UnreadableSecret)
        .count();
  }

  private void load(StoredRecord row) {
    for (Kind<?> kind : Kind.ALL) {
      if (kind.prefix() == row.key()[0]) {
        load(kind, row);
        return;
      }
    }
    throw new IllegalStateException(
        "a row of a kind \"" + (char) row.key()[0] + "\", which this version does not know");
  }

  private <E extends Entry<E>> void load(Kind<E> kind, StoredRecord row) {
    String name = new String(row.key(), 1, row.key().length - 1, StandardCharsets.UTF_8);
    try {
      indexes.put(kind, null, Row.decode(row.value()).entry(kind, name, row.revision(), sealing));
      room.occupy(kind);
    } catch (IllegalArgumentException | IllegalStateException e) {
      throw new IllegalStateException("row of " + kind + " \"" + name + "\": " + e.getMessage(), e);
    }
  }

  public void onChange(ChangeListener listener) {
    listeners.add(listener);
  }

  public RegistryConfig config() {
    return config;
  }

  // ---- reads; any thread

  public <E extends Entry<E>> @Nullable E find(Kind<E> kind, String name) {
    return indexes.of(kind).get(name);
  }

  /** All of a kind by name; a view that may change while it is walked. */
  public <E extends Entry<E>> Collection<E> all(Kind<E> kind) {
    return indexes.of(kind).all();
  }

  public int count(Kind<?> kind) {
    return indexes.of(kind).count();
  }

  /**
   * A page of a list.
   *
   * @param after the last name of the page before; empty: the first page
   * @return up to {@code limit} entries, and one more if there are further ones
   */
  public <E extends Entry<E>> List<E> page(
      Kind<E> kind, String after, String prefix, Predicate<E> wanted, int limit) {
    return indexes.of(kind).page(after, prefix, wanted, limit);
  }

  public @Nullable Device device(String id) {
    return find(Kind.DEVICE, id);
  }

  /** By fingerprint. */
  public @Nullable DeviceCertificate certificate(String fingerprint) {
    return find(Kind.CERTIFICATE, fingerprint);
  }

  /** Whether the inventory knows the certificate as revoked or switched off. */
  public boolean isRefused(String fingerprint) {
    DeviceCertificate certificate = certificate(fingerprint);
    return certificate != null && !certificate.mayConnect();
  }

  /** Those with a serial number (lower-case hexadecimal), of whatever authority. */
  public List<DeviceCertificate> certificatesWithSerial(String serial) {
    return certificates(indexes.certificatesWithSerial(serial));
  }

  /** All of a device that are in the inventory, oldest first. */
  public List<DeviceCertificate> certificatesOf(String device) {
    return certificates(indexes.certificatesOf(device)).stream().sorted(OLDEST_FIRST).toList();
  }

  private List<DeviceCertificate> certificates(List<String> fingerprints) {
    return fingerprints.stream()
        .map(this::certificate)
        .filter(certificate -> certificate != null)
        .toList();
  }

  /** Ids of the devices in a group, in order; a view that may change while it is walked. */
  public Set<String> members(String group) {
    return indexes.members(group);
  }

  /** Names of the policy attachments to an entry, by its name. */
  public List<String> attachmentsTo(Kind<?> kind, String name) {
    return PolicyAttachment.TargetKind.of(kind)
        .map(target -> indexes.attachmentsTo(target, name))
        .orElse(List.of());
  }

  /** What of a certificate stays on disk. One row, but not on an I/O thread. */
  public @Nullable CertificateContent content(String fingerprint) {
    StoredRecord row = store.record(RecordTable.REGISTRY, Kind.CERTIFICATE.key(fingerprint));
    return row == null ? null : CertificateContent.decode(Row.decode(row.value()).rest());
  }

  // ---- writes; they wait for the disk

  /** Keeps what others may name from going while it is open. This thread only; may be nested. */
  public Closeable writing() {
    structure.readLock().lock();
    return structure.readLock()::unlock;
  }

  /**
   * Stores an entry, or finds that all is as it shall be. Issuers and authorities one after the
   * other, and outside {@link #writing}, so that the maker may compare with what there is.
   */
  public <E extends Entry<E>> Written<E> put(
      Kind<E> kind, String name, Condition condition, Maker<E> maker)
      throws RegistryException, InterruptedException {
    if (!COMPARED.contains(kind)) {
      return putShared(kind, name, condition, maker);
    }
    comparing.lock();
    try {
      return putShared(kind, name, condition, maker);
    } finally {
      comparing.unlock();
    }
  }

  private <E extends Entry<E>> Written<E> putShared(
      Kind<E> kind, String name, Condition condition, Maker<E> maker)
      throws RegistryException, InterruptedException {
    structure.readLock().lock();
    try {
      return begin(kind, name, condition, maker).finish();
    } finally {
      structure.readLock().unlock();
    }
  }

  /**
   * Hands an entry to the store without waiting, so that many share one sync. Inside {@link
   * #writing}.
   */
  public <E extends Entry<E>> Put<E> begin(
      Kind<E> kind, String name, Condition condition, Maker<E> maker) throws RegistryException {
    return begin(new Put<>(kind, name, condition, maker, null));
  }

  /** The same for a certificate that is new. */
  Put<DeviceCertificate> begin(DeviceCertificate fresh, CertificateContent content)
      throws RegistryException {
    return begin(
        new Put<>(
            Kind.CERTIFICATE,
            fresh.name(),
            new Condition(Condition.ANY, true),
            _ -> fresh,
            content));
  }

  /** The same together with another change, in one command: both or none. Waits for the disk. */
  Written<DeviceCertificate> put(
      DeviceCertificate fresh, CertificateContent content, Edit<?> beside)
      throws RegistryException, InterruptedException {
    List<Edit<?>> both = List.of(beside, Edit.create(fresh, content));
    for (int attempt = 1; ; attempt++) {
      try {
        writeTogether(both, _ -> List.of(), () -> {});
        return new Written<>(null, certificate(fresh.name()));
      } catch (RegistryException e) {
        if (e.reason() != Reason.REVISION_CONFLICT || attempt == ATTEMPTS_MAX) {
          throw e;
        }
      }
    }
  }

  private <E extends Entry<E>> Put<E> begin(Put<E> put) throws RegistryException {
    Names.check(put.kind, put.name);
    put.submit();
    return put;
  }

  /** A change on its way to the disk. */
  public final class Put<E extends Entry<E>> {
    private final Kind<E> kind;
    private final String name;
    private final Condition condition;
    private final Maker<E> maker;
    private final @Nullable CertificateContent content;
    private @Nullable E before;
    private @Nullable E after;
    private @Nullable PendingWrite pending;

    private Put(
        Kind<E> kind,
        String name,
        Condition condition,
        Maker<E> maker,
        @Nullable CertificateContent content) {
      this.kind = kind;
      this.name = name;
      this.condition = condition;
      this.maker = maker;
      this.content = content;
    }

    @SuppressWarnings("ReferenceEquality") // the maker returns the very entry if all is well
    private void submit() throws RegistryException {
      E existing = find(kind, name);
      condition.check(kind, name, existing);
      E made = maker.make(existing);
      before = existing;
      after = existing;
      pending = null;
      if (existing != null && made.withStamp(existing.stamp()).equals(existing)) {
        return;
      }
      check(made, References.Together.ALONE);
      long now = clocks.wallMillis();
      E stamped =
          made.withStamp(
              new Stamp(
                  existing == null ? createdAt(made, now) : existing.stamp().createdAtMillis(),
                  now,
                  0));
      byte[] row = Row.encode(stamped, rest(kind, name, content), sealing);
      int added = existing == null ? 1 : 0;
      room.take(kind, added);
      pending =
          new PendingWrite(
              revision -> {
                E stored = stamped.withStamp(stamped.stamp().withRevision((Long) revision));
                after = stored;
                apply(new Change<>(kind, name, existing, stored));
              },
              () -> room.free(kind, added));
      long expected = existing == null ? 0 : existing.stamp().revision();
      store
          .writer()
          .submit(
              new PutRecord(
                  RecordTable.REGISTRY, kind.key(name), expected, row, grows(existing, stamped)),
              pending);
    }

    /** Waits until it is durable. */
    public Written<E> finish() throws RegistryException, InterruptedException {
      for (int attempt = 1; ; attempt++) {
        PendingWrite submitted = pending;
        if (submitted == null) {
          return new Written<>(before, after);
        }
        try {
          submitted.await();
          return new Written<>(before, after);
        } catch (StoreException e) {
          boolean raced = e.reason() == StoreException.Reason.REVISION_CONFLICT;
          if (!raced || attempt == ATTEMPTS_MAX) {
            throw refused(kind, name, e);
          }
          submit();
        }
      }
    }
  }

  private byte[] rest(Kind<?> kind, String name, @Nullable CertificateContent fresh) {
    if (kind != Kind.CERTIFICATE) {
      return new byte[0];
    }
    CertificateContent content = fresh == null ? content(name) : fresh;
    if (content == null) {
      throw new IllegalStateException("a certificate without content: " + name);
    }
    return content.encode();
  }

  /** Refuses an entry that may not be stored, be there {@link #room} or not. */
  void check(Entry<?> entry, References.Together with) throws RegistryException {
    EntryLimits.check(config, entry);
    references.checkTargets(entry, with);
  }

  void checkUnused(Entry<?> entry, References.Together with) throws RegistryException {
    references.checkUnused(entry, with);
  }

  Store store() {
    return store;
  }

  Metrics metrics() {
    return metrics;
  }

  Room room() {
    return room;
  }

  /**
   * The stamp of a new entry: the newest certificate of a name is told by it, also after the clock
   * was set back.
   */
  long createdAt(Entry<?> made, long now) {
    if (!(made instanceof DeviceCertificate certificate)) {
      return now;
    }
    return certificatesOf(certificate.device()).stream()
        .filter(one -> one.label().equals(certificate.label()))
        .mapToLong(one -> one.stamp().createdAtMillis() + 1)
        .reduce(now, Math::max);
  }

  long nowMillis() {
    return clocks.wallMillis();
  }

  /**
   * The row of an entry; what a certificate has besides its fields is as it is stored, if it is.
   */
  <E extends Entry<E>> byte[] row(Kind<E> kind, E entry, @Nullable CertificateContent fresh) {
    return Row.encode(entry, rest(kind, entry.name(), fresh), sealing);
  }

  /**
   * Whether an entry takes room of the store. One that only withdraws what another granted does
   * not: who floods the broker must be shut out while the store is full of it.
   *
   * @param before null: there is none
   */
  <E extends Entry<E>> boolean grows(@Nullable E before, E after) {
    return before == null
        || !after.isWithdrawnSince(before)
        || fieldBytes(after) > fieldBytes(before) + WITHDRAWAL_BYTES_MAX;
  }

  private int fieldBytes(Entry<?> entry) {
    return Row.encode(entry, new byte[0], sealing).length;
  }

  /** Makes a change visible that is durable. On the store's thread. */
  <E extends Entry<E>> void apply(Change<E> change) {
    E before = change.before();
    E after = change.after();
    if (after != null) {
      indexes.put(change.kind(), before, after);
    } else if (before != null) {
      indexes.remove(change.kind(), before);
    }
    tell(change);
  }

  /**
   * Makes several changes in one command: all or none. Waits for the disk.
   *
   * @param beside further records of the same command, made of what changes; not asked when nothing
   *     does
   * @param visible run on the store's thread once all of it is
   */
  List<Written<?>> writeTogether(
      List<Edit<?>> edits,
      Function<List<Change<?>>, List<WriteRecords.Write>> beside,
      Runnable visible)
      throws RegistryException, InterruptedException {
    boolean removes = edits.stream().anyMatch(edit -> edit.maker() == null);
    Lock lock = removes ? structure.writeLock() : structure.readLock();
    lock.lock();
    try {
      return new WriteTogether(this).write(edits, beside, visible);
    } finally {
      lock.unlock();
    }
  }

  /** What {@link #writeTogether} would change, and its refusals; nothing changes. */
  List<Change<?>> tryTogether(List<Edit<?>> edits) throws RegistryException {
    Lock lock = structure.readLock();
    lock.lock();
    try {
      return new WriteTogether(this).tryOut(edits);
    } finally {
      lock.unlock();
    }
  }

  /** Removes an entry that no other one names. */
  public <E extends Entry<E>> Written<E> delete(Kind<E> kind, String name, Condition condition)
      throws RegistryException, InterruptedException {
    structure.writeLock().lock();
    try {
      for (int attempt = 1; ; attempt++) {
        E existing = find(kind, name);
        if (existing == null) {
          throw RegistryException.notFound(kind, name);
        }
        condition.check(kind, name, existing);
        references.checkUnused(existing, References.Together.ALONE);
        try {
          remove(kind, existing).await();
          return new Written<>(existing, null);
        } catch (StoreException e) {
          boolean raced = e.reason() == StoreException.Reason.REVISION_CONFLICT;
          if (!raced || attempt == ATTEMPTS_MAX) {
            throw refused(kind, name, e);
          }
        }
      }
    } finally {
      structure.writeLock().unlock();
    }
  }

  private <E extends Entry<E>> PendingWrite remove(Kind<E> kind, E existing) {
    var pending =
        new PendingWrite(
            _ -> {
              apply(new Change<>(kind, existing.name(), existing, null));
              room.free(kind, 1);
            });
    store
        .writer()
        .submit(
            new DeleteRecord(
                RecordTable.REGISTRY, kind.key(existing.name()), existing.stamp().revision()),
            pending);
    return pending;
  }

  static RegistryException refused(Kind<?> kind, String name, StoreException e) {
    boolean raced = e.reason() == StoreException.Reason.REVISION_CONFLICT;
    return new RegistryException(
        raced ? Reason.REVISION_CONFLICT : Reason.UNAVAILABLE,
        raced
            ? "the " + kind + " \"" + name + "\" was changed meanwhile; read it again"
            : e.getMessage() + "; repeat the request later");
  }

  private void tell(Change<?> change) {
    for (ChangeListener listener : listeners) {
      try {
        listener.changed(change);
      } catch (RuntimeException e) { // the others must hear of it all the same
        LOG.log(Level.ERROR, "a change of " + change.kind() + " was not carried out everywhere", e);
      }
    }
  }
}
