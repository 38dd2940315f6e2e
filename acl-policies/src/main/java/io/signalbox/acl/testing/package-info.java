/**
 * Tests beside policies: {@code *.test.yaml} read and run. Used by the command line, by the build
 * and before every reload. Stateless; may import {@code source}, {@code parser}, {@code model},
 * {@code subject}, {@code filter}, {@code decision} and {@code proof}.
 */
@NullMarked
package io.signalbox.acl.testing;

import org.jspecify.annotations.NullMarked;
