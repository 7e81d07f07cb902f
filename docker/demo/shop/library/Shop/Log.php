<?php
/** One line per event, always with the request's id, so that a line leads to its request. */
class Shop_Log
{
    private $_log;

    public function __construct(Zend_Log $log)
    {
        $this->_log = $log;
    }

    public function event($message)
    {
        $this->_log->info($this->_line($message));
    }

    public function notice($message)
    {
        $this->_log->notice($this->_line($message));
    }

    /** Failures of ours and conflicts are errors; the caller's own mistakes are not. */
    public function failure(Zend_Controller_Request_Http $request, $status, Throwable $exception)
    {
        $line = sprintf(
            '%s %s %d %s: %s in %s:%d',
            $request->getMethod(),
            strtok($request->getRequestUri(), '?'),
            $status,
            get_class($exception),
            $exception->getMessage(),
            str_replace(RELEASE_PATH . '/', '', $exception->getFile()),
            $exception->getLine()
        );
        if ($status === 409 || $status >= 500) {
            $this->_log->err($this->_line($line));
        } else {
            $this->_log->info($this->_line($line));
        }
    }

    private function _line($message)
    {
        return '[' . REQUEST_ID . '] ' . preg_replace('/\s+/', ' ', $message);
    }
}
