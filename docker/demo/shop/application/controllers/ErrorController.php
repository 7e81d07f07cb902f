<?php
/** Answers what went wrong as JSON; the details go to the log, under the request's id. */
class ErrorController extends Zend_Controller_Action
{
    public function errorAction()
    {
        $failure = $this->_getParam('error_handler');
        $exception = $failure->exception;
        $status = $this->_statusOf($failure->type, $exception);
        $request = $failure->request;
        Zend_Registry::get('log')->failure($request, $status, $exception);

        $this->getResponse()->clearBody();
        $this->getResponse()
            ->setHttpResponseCode($status)
            ->setHeader('Content-Type', 'application/json', true)
            ->setBody(json_encode(array('error' => array(
                'code' => Shop_Exception::codeOf($status),
                'request_id' => REQUEST_ID,
            ))));
    }

    private function _statusOf($type, Throwable $exception)
    {
        $unrouted = array(
            Zend_Controller_Plugin_ErrorHandler::EXCEPTION_NO_ROUTE,
            Zend_Controller_Plugin_ErrorHandler::EXCEPTION_NO_CONTROLLER,
            Zend_Controller_Plugin_ErrorHandler::EXCEPTION_NO_ACTION,
        );
        if (in_array($type, $unrouted, true)) {
            return 404;
        }
        if ($exception instanceof Shop_Exception) {
            return $exception->getStatus();
        }
        if ($exception instanceof Zend_Db_Statement_Exception && (int) $exception->getCode() === 23000) {
            return 409;
        }
        return 500;
    }
}
