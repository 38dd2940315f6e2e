package io.signalbox.server;

import io.signalbox.server.cli.CommandFailure;
import io.signalbox.server.cli.PolicyDocument;
import io.signalbox.server.cli.StoreTools;
import io.signalbox.server.config.StoreConfig;
import io.signalbox.server.control.ControlClient;
import io.signalbox.server.control.ControlSocket;
import io.signalbox.server.control.RequestFailure;
import io.signalbox.server.session.SessionWill;
import io.signalbox.server.store.FileOwner;
import io.signalbox.server.store.Store;
import io.signalbox.server.store.StoreCheck;
import io.signalbox.server.store.StoreFiles;
import io.signalbox.server.store.StoreOpenException;
import io.signalbox.server.store.StoreRepair;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What is done with a data directory as a whole. While a broker runs on it the broker does it,
 * asked through its control socket; otherwise this process, which then holds the directory's lock.
 */
final class DataDirectory implements StoreTools {
  private static final String STORE = "store";

  /** Copied in its own way, made anew by each process. */
  private static final Set<String> NOT_COPIED = Set.of(STORE, "control");

  private static final int DESCRIPTIONS_MAX = 20;
  private static final StoreConfig CONFIG = StoreConfig.DEFAULTS;

  /**
   * Makes a data directory that is not there, for its owner alone.
   *
   * @throws CommandFailure it cannot be made, or is there in part only
   */
  static void make(Path dataDirectory) throws CommandFailure {
    try {
      makeFolder(dataDirectory);
    } catch (IOException e) {
      throw new CommandFailure(
          "cannot make the data directory \""
              + dataDirectory.toAbsolutePath()
              + "\": "
              + problem(e)
              + "; name one that can be made with --data or data-directory",
          e);
    }
    requireWhole(dataDirectory);
  }

  private static void makeFolder(Path folder) throws IOException {
    Files.createDirectories(
        folder, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
  }

  /** Refuses a data directory that a restore has not filled yet. */
  static void requireWhole(Path dataDirectory) throws CommandFailure {
    try {
      UnfinishedDirectory.requireWhole(dataDirectory.toAbsolutePath());
    } catch (IOException e) {
      throw new CommandFailure(String.valueOf(e.getMessage()), e);
    }
  }

  /** Where the store of a data directory is. */
  static Path store(Path dataDirectory) {
    return dataDirectory.resolve(STORE);
  }

  /** Where the keys of the authorities of a data directory are. */
  static Path authorityKeys(Path dataDirectory) {
    return dataDirectory.resolve("ca");
  }

  /** What a running broker does for the commands. */
  static Map<String, ControlSocket.Request> requests(Path dataDirectory, Store store) {
    return Map.of(
        "check",
        _ -> report(StoreCheck.run(store, SessionWill::requireForm, DESCRIPTIONS_MAX)).text(),
        "backup",
        to -> {
          try {
            return copy(dataDirectory, Path.of(to), target -> store.backup(target));
          } catch (IOException e) {
            throw new RequestFailure(problem(e));
          } catch (InvalidPathException e) { // without a locale only ASCII makes a path
            throw new RequestFailure(
                "the broker cannot name \""
                    + to
                    + "\": "
                    + e.getReason()
                    + "; start it with LANG=C.UTF-8 in its environment, or choose a name of ASCII"
                    + " characters");
          }
        });
  }

  /** Asks the broker, if there is one. */
  private static Optional<String> ask(Path dataDirectory, String request) throws CommandFailure {
    try {
      return ControlClient.ask(dataDirectory, request);
    } catch (RequestFailure | IOException e) {
      throw new CommandFailure(String.valueOf(e.getMessage()), e);
    }
  }

  @Override
  public Outcome check(Path dataDirectory) throws CommandFailure {
    Optional<String> answer = ask(dataDirectory, "check");
    if (answer.isPresent()) {
      return new Outcome(answer.get().startsWith(SOUND), answer.get());
    }
    try {
      return report(
          StoreCheck.run(store(dataDirectory), CONFIG, SessionWill::requireForm, DESCRIPTIONS_MAX));
    } catch (StoreOpenException e) {
      throw new CommandFailure(String.valueOf(e.getMessage()), e);
    }
  }

  private static final String SOUND = "the store is sound";

  private static Outcome report(StoreCheck.Report report) {
    if (report.isSound()) {
      return new Outcome(true, SOUND + ": " + report.rows() + " rows");
    }
    return new Outcome(
        false,
        report.problems()
            + " problems in "
            + report.rows()
            + " rows:"
            + lines(report.descriptions(), report.problems()));
  }

  private static String lines(List<String> descriptions, long all) {
    var text = new StringBuilder();
    for (String description : descriptions) {
      text.append(System.lineSeparator()).append("  ").append(description);
    }
    if (all > descriptions.size()) {
      text.append(System.lineSeparator())
          .append("  and ")
          .append(all - descriptions.size())
          .append(" more");
    }
    return text.toString();
  }

  @Override
  public Outcome repair(Path dataDirectory) throws CommandFailure {
    try {
      return repaired(
          StoreRepair.run(
              store(dataDirectory), CONFIG, SessionWill::requireForm, DESCRIPTIONS_MAX));
    } catch (StoreOpenException e) {
      throw new CommandFailure(String.valueOf(e.getMessage()), e);
    }
  }

  static Outcome repaired(StoreRepair.Report report) {
    String kept = report.kept() + " rows kept; the old file is " + report.damagedFile();
    if (report.leftOut() == 0) {
      return new Outcome(true, kept);
    }
    return new Outcome(
        false,
        kept
            + System.lineSeparator()
            + report.leftOut()
            + " left out:"
            + lines(report.descriptions(), report.leftOut())
            + (report.recordsLeftOut() == 0 ? "" : System.lineSeparator() + LOST_RECORDS));
  }

  private static final String LOST_RECORDS =
      "What is left out of REGISTRY, REVOKED or POLICY may have been a revocation, a disabled"
          + " device or a policy that denies: compare with the audit log before listeners can be"
          + " reached.";

  @Override
  public Outcome quarantine(Path dataDirectory) throws CommandFailure {
    try {
      return new Outcome(true, "the store is now " + StoreFiles.quarantine(store(dataDirectory)));
    } catch (StoreOpenException | IOException e) {
      throw new CommandFailure(String.valueOf(e.getMessage()), e);
    }
  }

  @Override
  public Outcome policies(Path dataDirectory) throws CommandFailure {
    return PolicyMending.list(dataDirectory);
  }

  @Override
  public Outcome policy(Path dataDirectory, String name) throws CommandFailure {
    return PolicyMending.show(dataDirectory, name);
  }

  @Override
  public Outcome replacePolicy(Path dataDirectory, String name, PolicyDocument by)
      throws CommandFailure {
    return PolicyMending.replace(dataDirectory, name, by);
  }

  @Override
  public Outcome removePolicy(Path dataDirectory, String name) throws CommandFailure {
    return PolicyMending.remove(dataDirectory, name);
  }

  @Override
  public Outcome backup(Path dataDirectory, Path to) throws CommandFailure {
    Path absolute = to.toAbsolutePath().normalize();
    try {
      UnfinishedDirectory.requireFree(absolute); // else an old copy would pass for the broker's
      Optional<String> answer = ask(dataDirectory, "backup " + absolute);
      if (answer.isPresent() && !isWhole(absolute)) {
        throw new CommandFailure(unseen(absolute, dataDirectory));
      }
      String leftOut =
          answer.isPresent()
              ? answer.get()
              : copy(
                  dataDirectory,
                  absolute,
                  target -> StoreFiles.backup(store(dataDirectory), CONFIG, target));
      return new Outcome(true, "copied to " + absolute + leftOut);
    } catch (IOException e) {
      throw new CommandFailure(problem(e), e);
    }
  }

  private static boolean isWhole(Path copy) {
    return StoreFiles.exists(store(copy)) && !UnfinishedDirectory.isMarked(copy);
  }

  private static String unseen(Path copy, Path dataDirectory) {
    return "the broker has written \""
        + copy
        + "\", but here there is no such copy: it sees another file system, such as a /tmp of its"
        + " own (PrivateTmp of systemd) or that of its container; name a directory that both see,"
        + " such as one below \""
        + dataDirectory.toAbsolutePath().normalize()
        + "\", or run the command in the container; delete what the broker wrote: it holds private"
        + " keys";
  }

  /** Writes the copy of a store. */
  interface StoreCopy {
    void to(Path target) throws IOException, StoreOpenException;
  }

  /**
   * Copies what a broker may change meanwhile so that the files have all that the store's copy
   * needs: the key of an authority is made before its entry, and renamed after the entry is
   * removed; the audit log tells of a change after it.
   *
   * @return what was left out, for people; may be empty
   */
  static String copy(Path dataDirectory, Path to, StoreCopy store) throws IOException {
    UnfinishedDirectory.requireWhole(dataDirectory);
    if (!StoreFiles.exists(store(dataDirectory))) {
      throw new IOException("there is no store in \"" + store(dataDirectory) + "\"");
    }
    try (var unfinished = UnfinishedDirectory.begin(to, dataDirectory, null)) {
      try {
        return copyInto(unfinished, dataDirectory, to, store);
      } catch (IOException | StoreOpenException e) {
        unfinished.abandon(); // the disk may be full, also for the broker
        throw e;
      }
    } catch (StoreOpenException e) {
      throw new IOException(e.getMessage(), e);
    }
  }

  private static String copyInto(
      UnfinishedDirectory unfinished, Path dataDirectory, Path to, StoreCopy store)
      throws IOException, StoreOpenException {
    Path keys = authorityKeys(dataDirectory);
    if (Files.isDirectory(keys)) {
      Files.walkFileTree(keys, new Copying(dataDirectory, to, new ArrayList<>()));
    }
    store.to(to.resolve(STORE));
    String leftOut = copyFiles(dataDirectory, to);
    unfinished.finish();
    return leftOut;
  }

  /**
   * Keys, certificates and whatever else is there, with their modes, synced; not what each process
   * makes for itself, nor other copies, of which each would hold all before it.
   *
   * @return what was left out, for people; may be empty
   */
  private static String copyFiles(Path from, Path to) throws IOException {
    List<String> leftOut = new ArrayList<>();
    for (Path entry : UnfinishedDirectory.entries(from)) {
      if (!NOT_COPIED.contains(entry.getFileName().toString())) {
        Files.walkFileTree(entry, new Copying(from, to, leftOut));
      }
    }
    StoreFiles.syncDirectory(to);
    return leftOut.isEmpty()
        ? ""
        : System.lineSeparator()
            + "left out:"
            + lines(leftOut.stream().limit(DESCRIPTIONS_MAX).toList(), leftOut.size());
  }

  private static final class Copying extends SimpleFileVisitor<Path> {
    private final Path from;
    private final Path to;
    private final List<String> leftOut;

    Copying(Path from, Path to, List<String> leftOut) {
      this.from = from;
      this.to = to;
      this.leftOut = leftOut;
    }

    private Path copyOf(Path original) {
      return to.resolve(from.relativize(original));
    }

    @Override
    public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes attributes)
        throws IOException {
      if (Files.isSameFile(directory, to)) { // whatever names lead to it
        return FileVisitResult.SKIP_SUBTREE;
      }
      if (StoreFiles.exists(store(directory)) || UnfinishedDirectory.isMarked(directory)) {
        leftOut.add(directory + ": a backup, or a data directory of its own");
        return FileVisitResult.SKIP_SUBTREE;
      }
      if (Files.notExists(copyOf(directory))) {
        Files.copy(directory, copyOf(directory), StandardCopyOption.COPY_ATTRIBUTES);
      }
      return FileVisitResult.CONTINUE;
    }

    @Override
    public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
      if (attributes.isRegularFile()) {
        copyFile(file);
      } else {
        leftOut.add(file + ": is neither file nor directory");
      }
      return FileVisitResult.CONTINUE;
    }

    private void copyFile(Path file) throws IOException {
      try {
        Files.copy(
            file,
            copyOf(file),
            StandardCopyOption.COPY_ATTRIBUTES,
            StandardCopyOption.REPLACE_EXISTING);
      } catch (NoSuchFileException e) {
        requireGone(file, e);
        return;
      }
      StoreFiles.sync(copyOf(file));
    }

    @Override
    public FileVisitResult visitFileFailed(Path file, IOException problem) throws IOException {
      requireGone(file, problem);
      return FileVisitResult.CONTINUE;
    }

    /** A running broker renames keys, and deletes the oldest part of the audit log. */
    private static void requireGone(Path file, IOException problem) throws IOException {
      if (!(problem instanceof NoSuchFileException)
          || Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
        throw problem;
      }
    }

    @Override
    public FileVisitResult postVisitDirectory(Path directory, @Nullable IOException problem)
        throws IOException {
      StoreFiles.syncDirectory(copyOf(directory));
      return super.postVisitDirectory(directory, problem);
    }
  }

  @Override
  public Outcome restore(Path backup, Path dataDirectory) throws CommandFailure {
    Path source = backup.toAbsolutePath().normalize();
    if (!isWhole(source)) {
      throw new CommandFailure("\"" + backup + "\" holds no whole backup");
    }
    try (Closeable _ = StoreFiles.keepStill(store(source))) {
      return fill(targetOf(dataDirectory), source);
    } catch (StoreOpenException | IOException e) {
      throw new CommandFailure("cannot restore \"" + backup + "\": " + problem(e), e);
    }
  }

  /** A link may lead to it, which is not to be given in its place. */
  private static Path targetOf(Path dataDirectory) throws IOException {
    return Files.exists(dataDirectory)
        ? dataDirectory.toRealPath()
        : dataDirectory.toAbsolutePath().normalize();
  }

  private static Outcome fill(Path target, Path source)
      throws IOException, StoreOpenException, CommandFailure {
    FileOwner owner =
        Files.exists(target) ? UnfinishedDirectory.owner(target) : FileOwner.of(source);
    try (var unfinished = UnfinishedDirectory.begin(target, source, owner)) {
      String leftOut = copyFiles(source, target);
      StoreFiles.copy(store(source), store(target));
      StoreFiles.bringUpToDate(store(target), CONFIG);
      Outcome checked =
          report(StoreCheck.run(store(target), CONFIG, SessionWill::requireForm, DESCRIPTIONS_MAX));
      if (checked.sound()) {
        StoreFiles.forgetInbound(store(target), CONFIG);
      }
      unfinished.give();
      if (!checked.sound()) {
        throw new CommandFailure(
            "the backup is damaged, its copy is in \""
                + target
                + "\"; name another backup, or save what can be read with \"signalbox store"
                + " repair\" and then delete \""
                + UnfinishedDirectory.MARK
                + "\" there: "
                + checked.text());
      }
      unfinished.finish();
      return new Outcome(true, "restored to " + target + "; " + checked.text() + leftOut);
    }
  }

  /** An exception of the file system often says no more than a name. */
  private static String problem(Exception e) {
    return e instanceof java.nio.file.FileSystemException
        ? e.getClass().getSimpleName() + ": " + e.getMessage()
        : String.valueOf(e.getMessage());
  }
}
