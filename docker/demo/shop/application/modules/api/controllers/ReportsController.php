<?php
/** Reports have names for ids: /api/reports/daily, /api/reports/customers. */
class Api_ReportsController extends Shop_Rest_Controller
{
    public function getAction()
    {
        $db = Zend_Db_Table_Abstract::getDefaultAdapter();
        switch ($this->_getParam('id')) {
            case 'customers':
                $report = new Shop_Report_Customers($db);
                return $this->_send($report->run());
            case 'daily':
                $report = new Shop_Report_Daily($db);
                return $this->_send($report->run($this->_date()));
            default:
                throw new Shop_Exception_NotFound('no such report');
        }
    }

    private function _date()
    {
        $date = $this->getRequest()->getQuery('date', date('Y-m-d'));
        if (!preg_match('/^\d{4}-\d\d-\d\d$/', $date)) {
            throw new Shop_Exception_Invalid('a date is YYYY-MM-DD');
        }
        return $date;
    }
}
