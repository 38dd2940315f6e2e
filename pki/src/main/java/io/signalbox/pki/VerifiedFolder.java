package io.signalbox.pki;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/**
 * The certificates and keys of a {@link PkiFolder} that a server reads, as they are at one moment,
 * and whether an earlier process has verified just these. Their signatures are then not verified
 * again, which took an eighth of each start. The note of that is a file beside the keys, so whoever
 * could forge it could as well replace them.
 *
 * @param digest SHA-256 over all of them; empty when one cannot be read, which is for whoever needs
 *     it to report
 * @param isKnown whether the note has this digest
 */
record VerifiedFolder(PkiFolder files, String digest, boolean isKnown) {
  private static final System.Logger LOG = System.getLogger(VerifiedFolder.class.getName());

  /** To be raised when more is verified than before. */
  private static final String RULES = "1\n";

  /** More than any of these files has. */
  private static final int FILE_BYTES_MAX = 1 << 20;

  static VerifiedFolder look(PkiFolder files) throws PkiException {
    try {
      String digest = digest(files);
      return new VerifiedFolder(files, digest, digest.equals(noted(files.verified())));
    } catch (IOException e) {
      LOG.log(System.Logger.Level.DEBUG, "verifying all of \"{0}\": {1}", files.folder(), e);
      return new VerifiedFolder(files, "", false);
    }
  }

  /** Whether the files are still the same. */
  boolean isStill() throws PkiException {
    return look(files).digest.equals(digest);
  }

  /** Leaves the note for later starts; a folder that cannot be written does without. */
  void note() {
    if (isKnown || digest.isEmpty()) {
      return;
    }
    try {
      AtomicFile.writeSecret(files.verified(), digest + "\n");
    } catch (PkiException e) {
      LOG.log(System.Logger.Level.DEBUG, "the next start verifies again: {0}", e.getMessage());
    }
  }

  private static String noted(Path note) throws IOException {
    return Files.exists(note) ? new String(read(note), UTF_8).strip() : "";
  }

  private static String digest(PkiFolder files) throws PkiException, IOException {
    List<Path> all = new ArrayList<>();
    all.add(files.rootCertificate());
    all.add(files.issuingCertificate());
    all.add(files.issuingKey());
    for (Path certificate : files.retiredCertificates().stream().sorted().toList()) {
      all.add(certificate);
      all.add(PkiFolder.keyBeside(certificate));
    }
    if (Files.exists(files.serverCertificate()) && Files.exists(files.serverKey())) {
      all.add(files.serverCertificate());
      all.add(files.serverKey());
    }
    ByteArrayOutputStream whole = new ByteArrayOutputStream();
    whole.writeBytes(RULES.getBytes(UTF_8));
    for (Path file : all) {
      byte[] content = read(file);
      whole.writeBytes((file.getFileName() + " " + content.length + "\n").getBytes(UTF_8));
      whole.writeBytes(content);
    }
    return HexFormat.of().formatHex(Certificates.sha256(whole.toByteArray()));
  }

  private static byte[] read(Path file) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      byte[] content = in.readNBytes(FILE_BYTES_MAX + 1);
      if (content.length > FILE_BYTES_MAX) {
        throw new IOException("\"" + file + "\" has more than " + FILE_BYTES_MAX + " bytes");
      }
      return content;
    }
  }
}
