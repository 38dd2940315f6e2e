package io.signalbox.server.auth;

import io.signalbox.server.metrics.Metrics;
import io.signalbox.server.principal.AuthMethod;
import io.signalbox.server.principal.Principal;
import io.signalbox.server.scram.ScramUser;
import io.signalbox.server.scram.ScramVerifier;
import io.signalbox.server.scram.UsersFile;
import io.signalbox.server.scram.UsersFileException;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.security.SecureRandom;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The users file in force. Read again when it has changed; one that cannot be used leaves the last
 * good one in force. Any thread.
 */
final class Users {
  private static final Logger LOG = System.getLogger(Users.class.getName());

  /** Under which name no issuer of tokens may be configured: it is part of the principals' ids. */
  private static final String REALM = "users";

  private static final String NOBODY_FILE = "users.key";

  /** Tells two states of a file apart; null: it is not there. */
  private record Stamp(long size, long modifiedMillis, @Nullable Object fileKey) {}

  /**
   * @param iterations what most users have, so that nobody's look the same
   */
  private record InForce(UsersFile file, int iterations) {}

  private final Path path;
  private final byte[] nobody;
  private final Metrics metrics;
  private @Nullable Stamp seen;
  private volatile InForce inForce;

  private Users(Path path, byte[] nobody, Metrics metrics) throws AuthSetupException {
    this.path = path;
    this.nobody = nobody;
    this.metrics = metrics;
    this.seen = stamp();
    this.inForce = inForce(load(path));
  }

  /**
   * @param dataDirectory where the secret is, or is made, from which the salts of names that nobody
   *     has are derived
   * @throws AuthSetupException with every problem of the file
   */
  static Users open(Path path, Path dataDirectory, SecureRandom random, Metrics metrics)
      throws AuthSetupException {
    byte[] nobody =
        SecretFile.openOrCreate(
            dataDirectory.resolve(NOBODY_FILE),
            random,
            "key for unknown users",
            "a new one is made");
    return new Users(path, nobody, metrics);
  }

  /**
   * Reads the file only to see whether it can be used.
   *
   * @throws AuthSetupException with every problem of the file
   */
  static void check(Path path) throws AuthSetupException {
    load(path);
  }

  private static UsersFile load(Path path) throws AuthSetupException {
    try {
      return UsersFile.read(path);
    } catch (UsersFileException e) {
      throw new AuthSetupException(e.problems());
    }
  }

  private static InForce inForce(UsersFile file) {
    Map<Integer, Long> counts =
        file.users().stream()
            .collect(
                Collectors.groupingBy(user -> user.verifier().iterations(), Collectors.counting()));
    int usual =
        counts.entrySet().stream()
            .max(
                Map.Entry.<Integer, Long>comparingByValue()
                    .thenComparing(Map.Entry.comparingByKey()))
            .map(Map.Entry::getKey)
            .orElse(ScramVerifier.ITERATIONS_DEFAULT);
    return new InForce(file, usual);
  }

  private @Nullable Stamp stamp() {
    try {
      BasicFileAttributes now = Files.readAttributes(path, BasicFileAttributes.class);
      return new Stamp(now.size(), now.lastModifiedTime().toMillis(), now.fileKey());
    } catch (IOException e) {
      return null;
    }
  }

  /**
   * Takes a changed file over. Reads a file: not on an I/O thread.
   *
   * @return whether other users are in force now
   */
  synchronized boolean refresh() {
    Stamp now = stamp();
    if (Objects.equals(now, seen)) {
      return false;
    }
    seen = now;
    try {
      inForce = inForce(UsersFile.read(path));
      LOG.log(Level.INFO, "{0} users in force from \"{1}\"", inForce.file.users().size(), path);
      return true;
    } catch (UsersFileException e) {
      metrics.usersReloadsFailed.inc();
      LOG.log(
          Level.ERROR,
          "the users file is not taken over, the last good one stays in force:\n{0}",
          e.getMessage());
      return false;
    }
  }

  /**
   * The verifier of a user, or of nobody: one that looks the same and that no password has.
   *
   * @param name as the client gave it, prepared
   */
  ScramVerifier verifier(String name) {
    InForce now = inForce;
    ScramVerifier ofNobody = ScramVerifier.ofNobody(name, nobody, now.iterations); // costs the same
    ScramUser user = now.file.find(name);
    return user == null ? ofNobody : user.verifier();
  }

  boolean has(String name) {
    return inForce.file.find(name) != null;
  }

  /** Who a user is who has proved it; null if there is no such user any more. */
  @Nullable Principal principal(String name, AuthMethod method) {
    ScramUser user = inForce.file.find(name);
    return user == null
        ? null
        : new Principal(
            "user:" + user.name() + "@" + REALM,
            method,
            null,
            user.name(),
            user.groups(),
            Map.of(),
            null,
            null);
  }
}
