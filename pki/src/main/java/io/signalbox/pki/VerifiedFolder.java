package io.signalbox.pki;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;

/**
 * The certificates and keys of a {@link PkiFolder} as they are at one moment, and whether an
 * earlier process has verified just these. Their signatures are then not verified again, which took
 * an eighth of each start. The note of that is a file beside the keys, so whoever could forge it
 * could as well replace them.
 *
 * @param digest SHA-256 over all of them
 * @param isKnown whether the note has this digest
 */
record VerifiedFolder(PkiFolder files, String digest, boolean isKnown) {
  private static final System.Logger LOG = System.getLogger(VerifiedFolder.class.getName());

  static VerifiedFolder look(PkiFolder files) throws PkiException {
    try {
      String digest = digest(files.folder());
      return new VerifiedFolder(files, digest, digest.equals(noted(files.verified())));
    } catch (IOException e) {
      throw FileProblems.explain("read", files.folder(), e);
    }
  }

  private static String noted(Path note) {
    try {
      return Files.exists(note) ? Files.readString(note).strip() : "";
    } catch (IOException e) {
      LOG.log(System.Logger.Level.DEBUG, "verifying again, \"{0}\" is not readable: {1}", note, e);
      return "";
    }
  }

  /** Leaves the note for later starts; a folder that cannot be written does without. */
  void note() {
    if (isKnown) {
      return;
    }
    try {
      AtomicFile.writeSecret(files.verified(), digest + "\n");
    } catch (PkiException e) {
      LOG.log(System.Logger.Level.DEBUG, "the next start verifies again: {0}", e.getMessage());
    }
  }

  private static String digest(Path folder) throws IOException {
    MessageDigest digest;
    try {
      digest = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
    for (Path file : certificatesAndKeys(folder)) {
      byte[] content = Files.readAllBytes(file);
      digest.update((file.getFileName() + " " + content.length + "\n").getBytes(UTF_8));
      digest.update(content);
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  private static List<Path> certificatesAndKeys(Path folder) throws IOException {
    try (Stream<Path> all = Files.list(folder)) {
      return all.filter(
              file -> file.toString().endsWith(".crt") || file.toString().endsWith(".key"))
          .sorted()
          .toList();
    }
  }
}
