/**
 * The broker as an operator sees it: the packaged jar as a child process with a data folder, a
 * configuration file and a log; its command line; certificates made by it; and the clients a test
 * opens to it.
 */
@NullMarked
package io.signalbox.it.broker;

import org.jspecify.annotations.NullMarked;
