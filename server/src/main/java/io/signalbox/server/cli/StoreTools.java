package io.signalbox.server.cli;

import java.nio.file.Path;

/** What the commands around the store ask for; they know nothing of stores but this. */
public interface StoreTools {
  /**
   * What was found or done.
   *
   * @param sound whether nothing was wrong
   * @param text lines for people
   */
  record Outcome(boolean sound, String text) {}

  /** Checks the store of a data directory, in use or not. */
  Outcome check(Path dataDirectory) throws CommandFailure;

  /** Replaces a damaged store that is not in use by what can still be read of it. */
  Outcome repair(Path dataDirectory) throws CommandFailure;

  /** Puts a store that is not in use aside. */
  Outcome quarantine(Path dataDirectory) throws CommandFailure;

  /** Lists the API's access policies of a store that is not in use, and what is wrong with each. */
  Outcome policies(Path dataDirectory) throws CommandFailure;

  /** The document of one of them. */
  Outcome policy(Path dataDirectory, String name) throws CommandFailure;

  /** Puts another document in the place of one of them. */
  Outcome replacePolicy(Path dataDirectory, String name, PolicyDocument by) throws CommandFailure;

  /** Removes one of them, with what it is attached by. */
  Outcome removePolicy(Path dataDirectory, String name) throws CommandFailure;

  /**
   * Copies a data directory, in use or not.
   *
   * @param to must not exist or be empty
   */
  Outcome backup(Path dataDirectory, Path to) throws CommandFailure;

  /**
   * Makes a data directory of a backup.
   *
   * @param dataDirectory must not exist or be empty
   */
  Outcome restore(Path backup, Path dataDirectory) throws CommandFailure;
}
