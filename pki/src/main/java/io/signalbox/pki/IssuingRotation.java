package io.signalbox.pki;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;

/**
 * Replaces the issuing authority's two files so that a crash between any two steps is mended at the
 * next start: first the old pair is kept under another name, then the new pair is written beside,
 * key before certificate, then both are renamed into place, key first. A {@code issuing.next.crt}
 * therefore means that the new pair is complete, and the renaming is simply finished.
 */
final class IssuingRotation {
  private final PkiFolder files;

  IssuingRotation(PkiFolder files) {
    this.files = files;
  }

  void replace(CertificateAuthority old, CertificateAuthority next) throws PkiException {
    keepOld(old);
    writeNext(next);
    finish();
  }

  void keepOld(CertificateAuthority old) throws PkiException {
    String serial = Certificates.serialHex(old.certificate());
    AtomicFile.writeSecret(files.retiredKey(serial), Pem.encode(old.key()));
    AtomicFile.writePublic(
        files.retiredCertificate(serial), Pem.encode(List.of(old.certificate())));
  }

  void writeNext(CertificateAuthority next) throws PkiException {
    AtomicFile.writeSecret(files.nextIssuingKey(), Pem.encode(next.key()));
    AtomicFile.writePublic(files.nextIssuingCertificate(), Pem.encode(List.of(next.certificate())));
  }

  /** Finishes what was begun, by this process or one that crashed; does nothing otherwise. */
  void finish() throws PkiException {
    if (Files.exists(files.nextIssuingCertificate())) {
      move(files.nextIssuingKey(), files.issuingKey());
      move(files.nextIssuingCertificate(), files.issuingCertificate());
    } else {
      AtomicFile.delete(files.nextIssuingKey()); // a key without its certificate was never used
    }
  }

  private static void move(Path from, Path to) throws PkiException {
    try {
      Files.move(from, to, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      AtomicFile.forceFolder(to.toAbsolutePath().resolveSibling("."));
    } catch (NoSuchFileException e) {
      // This step was done before the crash, or another process that started just now was faster.
    } catch (IOException e) {
      throw FileProblems.explain("write", to, e);
    }
  }
}
