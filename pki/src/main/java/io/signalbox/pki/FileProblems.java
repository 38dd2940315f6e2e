package io.signalbox.pki;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** Turns what the file system says into what, where and what to do. */
final class FileProblems {
  private FileProblems() {}

  static PkiException explain(String verb, Path file, IOException problem) {
    String why =
        switch (problem) {
          case NoSuchFileException missing ->
              (file.toString().equals(missing.getFile()) ? "it" : '"' + missing.getFile() + '"')
                  + " does not exist; check the path";
          case AccessDeniedException _ -> "permission denied; check its owner and mode";
          case FileAlreadyExistsException _ ->
              "it exists already; move it away or choose another name";
          default ->
              problem.getMessage() == null
                  ? problem.getClass().getSimpleName()
                  : problem.getMessage();
        };
    return new PkiException("cannot " + verb + " \"" + file + "\": " + why, problem);
  }
}
