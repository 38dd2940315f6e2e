package io.signalbox.pki;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Comparator;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;

/**
 * The folder of a {@link DevelopmentPki} and its files. It comes into being in one step: everything
 * is written into a folder beside it, which is then renamed, so a crash at any moment leaves no
 * hierarchy or a whole one.
 */
record PkiFolder(Path folder) {
  Path rootCertificate() {
    return folder.resolve("root.crt");
  }

  Path rootKey() {
    return folder.resolve("root.key");
  }

  Path issuingCertificate() {
    return folder.resolve("issuing.crt");
  }

  Path issuingKey() {
    return folder.resolve("issuing.key");
  }

  /** While the issuing authority is being replaced; see {@link IssuingRotation}. */
  Path nextIssuingCertificate() {
    return folder.resolve("issuing.next.crt");
  }

  Path nextIssuingKey() {
    return folder.resolve("issuing.next.key");
  }

  Path retiredCertificate(String serialHex) {
    return folder.resolve("retired-" + serialHex + ".crt");
  }

  Path retiredKey(String serialHex) {
    return folder.resolve("retired-" + serialHex + ".key");
  }

  /** The file with the key of such a certificate. */
  static Path keyBeside(Path certificate) {
    return certificate.resolveSibling(certificate.getFileName().toString().replace(".crt", ".key"));
  }

  /** The certificates of issuing authorities that were replaced, in no order. */
  List<Path> retiredCertificates() throws PkiException {
    try (Stream<Path> all = Files.list(folder)) {
      return all.filter(file -> file.getFileName().toString().matches("retired-[0-9a-f]+\\.crt"))
          .toList();
    } catch (IOException e) {
      throw FileProblems.explain("list", folder, e);
    }
  }

  Path serverCertificate() {
    return folder.resolve("server.crt");
  }

  Path serverKey() {
    return folder.resolve("server.key");
  }

  /** The digest of files that a start has verified; see {@link VerifiedFolder}. */
  Path verified() {
    return folder.resolve("verified");
  }

  /** Why a server does not count on the hierarchy, if it does not. */
  Path outOfUse() {
    return folder.resolve("out-of-use");
  }

  /** What clients trust: the root. */
  Path trustedCertificates() {
    return folder.resolve("ca.crt");
  }

  /** Whether there is nothing yet: no folder or an empty one. */
  boolean isAbsent() throws PkiException {
    if (Files.notExists(folder)) {
      return true;
    }
    try (Stream<Path> files = Files.list(folder)) {
      return files.findAny().isEmpty();
    } catch (IOException e) {
      throw FileProblems.explain("list", folder, e);
    }
  }

  /**
   * Writes a new hierarchy. If another process was faster its hierarchy stays and ours is dropped.
   */
  void create(CertificateAuthority root, CertificateAuthority issuing) throws PkiException {
    Path target = folder.toAbsolutePath();
    AtomicFile.createSecretFolder(target.resolveSibling("."));
    PkiFolder draft =
        new PkiFolder(
            target.resolveSibling("." + target.getFileName() + "." + UUID.randomUUID() + ".new"));
    try {
      AtomicFile.createSecretFolder(draft.folder);
      AtomicFile.writeSecret(draft.rootKey(), Pem.encode(root.key()));
      AtomicFile.writePublic(draft.rootCertificate(), Pem.encode(root.chain()));
      AtomicFile.writeSecret(draft.issuingKey(), Pem.encode(issuing.key()));
      AtomicFile.writePublic(
          draft.issuingCertificate(), Pem.encode(List.of(issuing.certificate())));
      AtomicFile.writePublic(draft.trustedCertificates(), Pem.encode(root.chain()));
      Files.move(draft.folder, target, StandardCopyOption.ATOMIC_MOVE);
      AtomicFile.forceFolder(target.resolveSibling("."));
    } catch (IOException e) {
      draft.delete();
      if (isAbsent()) {
        throw FileProblems.explain("create", folder, e);
      }
      // Otherwise the faster process's folder is in place, and complete because it was renamed too.
    }
  }

  private void delete() throws PkiException {
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    } catch (IOException e) {
      throw FileProblems.explain("delete", folder, e);
    }
  }
}
