package io.signalbox.server.trust;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.signalbox.pki.FileChange;
import io.signalbox.pki.PkiException;
import io.signalbox.pki.PkiProblems;
import io.signalbox.pki.RevocationCheck;
import io.signalbox.pki.RevocationList;
import io.signalbox.pki.RevocationListCheck;
import io.signalbox.pki.RevocationStatus;
import io.signalbox.server.eventloop.Clocks;
import io.signalbox.server.metrics.Metrics;
import io.signalbox.server.principal.LogText;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;

/**
 * The revocation lists of one trusted authority, from files and addresses. A list that cannot be
 * read, is not the authority's, or is older than the one in force changes nothing. {@link #refresh}
 * is called by one thread, {@link #status} by many.
 */
final class RevocationLists implements RevocationCheck {
  private static final Logger LOG = System.getLogger(RevocationLists.class.getName());

  /** Between two questions as long as there has been no answer. */
  private static final long FIRST_REFRESH_MILLIS = 10_000;

  private static final String FROM_THE_FUTURE = "a list is from the future";
  private static final int NOTES_MAX = 100;

  private final String ca;
  private final List<X509Certificate> authorities;
  private final Fetcher fetcher;
  private final Clocks clocks;
  private final long refreshMillis;
  private final List<Source> sources = new ArrayList<>();
  private volatile RevocationCheck current = RevocationCheck.anyOf(List.of());

  /** One file or address and the last good lists from it. */
  private static final class Source {
    private final @Nullable Path file;
    private final @Nullable URI address;
    private final @Nullable FileChange change;
    private long dueMillis = Long.MIN_VALUE;

    /** Whether its lists are of it as it is now, rather than of the authority before its change. */
    private boolean hasAnswered;

    private @Nullable CompletableFuture<byte[]> asked;

    /** Replaced by the thread that looks. */
    private volatile List<RevocationListCheck> lists = List.of();

    /** What was told of its lists. */
    private final Set<String> noted = new HashSet<>();

    /** One of its lists is from the future and waits for the clock. */
    private boolean isAhead;

    Source(@Nullable Path file, @Nullable URI address) {
      this.file = file;
      this.change = file == null ? null : new FileChange(file); // before it is read
      this.address = address;
    }

    String name() {
      return file != null ? file.toString() : address != null ? address.toString() : "the registry";
    }
  }

  private RevocationLists(AuthoritySpec spec, Fetcher fetcher, Clocks clocks) {
    this.clocks = clocks;
    this.ca = spec.name();
    this.authorities = spec.anchors();
    this.fetcher = fetcher;
    this.refreshMillis = spec.revocation().crlRefresh().toMillis();
    spec.revocation().crlFiles().forEach(file -> sources.add(new Source(file, null)));
    spec.revocation().crlUrls().forEach(url -> sources.add(new Source(null, url)));
  }

  /**
   * Reads all files; addresses are asked by the first {@link #refresh}.
   *
   * @param before what its addresses told stays in force where these authorities have signed it,
   *     until they tell something newer; null: none
   * @throws PkiException naming every file that cannot be read or is not a list of these
   *     authorities
   */
  static RevocationLists load(
      AuthoritySpec spec, @Nullable RevocationLists before, Fetcher fetcher, Clocks clocks)
      throws PkiException {
    RevocationLists lists = new RevocationLists(spec, fetcher, clocks);
    if (spec.crlPem() != null) {
      String where = "the list of " + spec.name();
      Source given = new Source(null, null);
      lists.sources.add(given);
      given.lists =
          lists.checks(
              given,
              RevocationList.parseAll(spec.crlPem().getBytes(US_ASCII), where, spec.anchors()));
    }
    PkiProblems problems = new PkiProblems();
    for (Source source : lists.sources) {
      Path file = source.file;
      if (file != null) {
        problems
            .read(() -> lists.checks(source, lists.read(file)))
            .ifPresent(read -> source.lists = read);
      }
      source.lists.forEach(check -> lists.tell(source, check.list()));
      if (before != null && source.address != null) {
        source.lists = lists.known(source.address, before);
      }
    }
    problems.end();
    lists.publish();
    return lists;
  }

  /** What is known from an address, as far as these authorities have signed it. */
  private List<RevocationListCheck> known(URI address, RevocationLists before) {
    List<RevocationListCheck> known = new ArrayList<>();
    for (Source source : before.sources) {
      if (address.equals(source.address)) {
        for (RevocationListCheck check : source.lists) {
          try {
            known.add(RevocationListCheck.of(check.list(), authorities));
          } catch (PkiException _) {
            // of an authority that is not among these any more
          }
        }
      }
    }
    return known;
  }

  @Override
  public RevocationStatus status(X509Certificate certificate, X509Certificate issuer, Instant at) {
    return current.status(certificate, issuer, at);
  }

  /**
   * Looks at every file that changed and every address that is due. Waits for what it fetches.
   *
   * @return whether a list is in force that was not before
   */
  boolean refresh(long nowMillis) {
    sources.forEach(source -> ask(source, nowMillis)); // all at once, then one by one
    boolean changed = false;
    for (Source source : sources) {
      try {
        changed |= refresh(source, nowMillis);
      } catch (PkiException | IOException e) {
        refused(source, String.valueOf(e.getMessage()));
      }
    }
    if (changed) {
      publish();
    }
    return changed;
  }

  /** A file is read at every look until it can be used, and its fault is told once. */
  private void refused(Source source, String why) {
    if (source.change == null || source.change.refused(why)) {
      LOG.log(
          Level.WARNING,
          "a revocation list of {0} is not renewed, {1}: {2}",
          ca,
          source.lists.stream()
              .map(check -> check.list().nextUpdate())
              .min(Instant::compareTo)
              .map(until -> "the one in force tells until " + until)
              .orElse("there is none yet"),
          why);
    }
  }

  private void ask(Source source, long nowMillis) {
    URI address = source.address;
    if (address != null && nowMillis >= source.dueMillis) {
      // Without a list, clients are refused: that is worth asking more often.
      source.dueMillis =
          nowMillis
              + (source.hasAnswered && !source.lists.isEmpty()
                  ? refreshMillis
                  : Math.min(refreshMillis, FIRST_REFRESH_MILLIS));
      source.asked = fetcher.get(Metrics.Fetched.CRL, address, RevocationList.LIST_BYTES_MAX);
    }
  }

  private boolean refresh(Source source, long nowMillis) throws PkiException, IOException {
    Path file = source.file;
    FileChange change = source.change;
    if (file != null && change != null) {
      // A file that is gone for a moment is being replaced.
      return Files.exists(file) && change.isDue() && read(source, file, change);
    }
    CompletableFuture<byte[]> asked = source.asked;
    if (asked == null) {
      return false;
    }
    source.asked = null;
    try {
      boolean changed =
          take(source, RevocationList.parseAll(asked.join(), source.name(), authorities));
      if (source.isAhead) {
        refused(source, FROM_THE_FUTURE);
      }
      source.hasAnswered = true;
      source.dueMillis = nowMillis + refreshMillis;
      return changed;
    } catch (PkiException e) {
      fetcher.unusable(Metrics.Fetched.CRL);
      throw e;
    } catch (CompletionException e) {
      Throwable cause = e.getCause();
      throw new IOException(String.valueOf((cause == null ? e : cause).getMessage()), e);
    }
  }

  private boolean read(Source source, Path file, FileChange change) throws PkiException {
    boolean changed = take(source, read(file));
    if (source.isAhead) {
      refused(source, FROM_THE_FUTURE);
    } else {
      change.taken();
    }
    return changed;
  }

  /** Takes over all lists of a source, but each only in place of an older one. */
  private boolean take(Source source, List<RevocationList> fresh) throws PkiException {
    Instant now = Instant.ofEpochMilli(clocks.wallMillis());
    List<RevocationListCheck> before = source.lists;
    List<RevocationListCheck> good = checks(source, fresh);
    List<RevocationListCheck> taken = new ArrayList<>();
    source.isAhead = false;
    for (RevocationListCheck check : good) {
      List<RevocationListCheck> rivals = rivals(check, good, before);
      if (rivals.stream().allMatch(rival -> replaces(source, check, rival, now))) {
        taken.add(check);
      } else {
        rivals.stream().filter(rival -> !taken.contains(rival)).forEach(taken::add);
      }
    }
    // A source that has nothing of an authority any more does not take what it had away.
    before.stream().filter(old -> good.stream().noneMatch(old::isOfTheSameAs)).forEach(taken::add);
    source.lists = List.copyOf(taken);
    taken.removeAll(before);
    taken.forEach(check -> tell(source, check.list()));
    return !source.lists.equals(before);
  }

  /**
   * In whose place a list comes: of those in force the one for the same certificates; where there
   * is none, those of its authority for which nothing else comes. An old list for other
   * certificates, served again, must not push out a newer one.
   */
  private static List<RevocationListCheck> rivals(
      RevocationListCheck check, List<RevocationListCheck> all, List<RevocationListCheck> before) {
    List<RevocationListCheck> same = before.stream().filter(check::isInPlaceOf).toList();
    return same.isEmpty()
        ? before.stream()
            .filter(check::isOfTheSameAs)
            .filter(old -> all.stream().noneMatch(other -> other.isInPlaceOf(old)))
            .toList()
        : same;
  }

  /**
   * Whether a list comes in place of one in force: not the same one, an old one served again, or
   * one from the future, for right ones would be older until then.
   */
  private boolean replaces(
      Source source, RevocationListCheck fresh, RevocationListCheck before, Instant now) {
    if (before.isFromFuture(now)) { // it was the first one, or the clock was set back
      return !fresh.isFromFuture(now) || fresh.list().isNewerThan(before.list());
    }
    if (fresh.isFromFuture(now)) {
      source.isAhead = true;
      return false;
    }
    if (before.list().isNewerThan(fresh.list())) {
      note(
          source,
          "the revocation list of %s is not taken, the one in force is of %s"
              .formatted(fresh.list().thisUpdate(), before.list().thisUpdate()));
    }
    return fresh.list().isNewerThan(before.list());
  }

  /**
   * Checked; of two for the same certificates the newer one. Those that no authority has signed,
   * such as one of before a rekey, are left out as long as there is one that counts.
   */
  private List<RevocationListCheck> checks(Source source, List<RevocationList> lists)
      throws PkiException {
    List<RevocationListCheck> checks = new ArrayList<>();
    PkiException problem = null;
    for (RevocationList list : lists) {
      try {
        add(RevocationListCheck.of(list, authorities), checks);
      } catch (PkiException e) {
        problem = e;
      }
    }
    if (checks.isEmpty()) {
      throw problem == null
          ? new PkiException(
              source.name()
                  + ": the revocation list was not signed by the authority "
                  + ca
                  + "; fetch the list of this authority")
          : new PkiException(source.name() + ": " + problem.getMessage(), problem);
    }
    if (problem != null) {
      note(source, "a revocation list is left out: " + problem.getMessage());
    }
    return checks;
  }

  /** Once: some sources are read again and again until they are good. */
  private void note(Source source, String text) {
    if (source.noted.size() >= NOTES_MAX) {
      source.noted.clear();
    }
    if (source.noted.add(text)) {
      LOG.log(Level.WARNING, "{0} for {1}: {2}", LogText.quote(source.name()), ca, text);
    }
  }

  private static void add(RevocationListCheck check, List<RevocationListCheck> checks) {
    boolean outdated =
        checks.stream()
            .anyMatch(other -> check.isInPlaceOf(other) && other.list().isNewerThan(check.list()));
    if (!outdated) {
      checks.removeIf(check::isInPlaceOf);
      checks.add(check);
    }
  }

  private void tell(Source source, RevocationList fresh) {
    LOG.log(
        Level.INFO,
        "the revocation list of {0} from {1} of {2} names {3} certificates",
        ca,
        LogText.quote(source.name()),
        fresh.thisUpdate(),
        fresh.size());
  }

  private void publish() {
    current =
        RevocationCheck.anyOf(sources.stream().flatMap(source -> source.lists.stream()).toList());
  }

  private List<RevocationList> read(Path file) throws PkiException {
    try (var in = Files.newInputStream(file)) {
      return RevocationList.parseAll(
          in.readNBytes(RevocationList.LIST_BYTES_MAX + 1), file.toString(), authorities);
    } catch (IOException e) {
      throw new PkiException(file + ": the revocation list cannot be read: " + e.getMessage(), e);
    }
  }
}
