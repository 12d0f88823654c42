{{ config(materialized='table') }}

select
    customer_id,
    bought_on,
    count(*) as orders,
    sum(cds) as cds,
    sum(dollars) as dollars
from {{ ref('transactions') }}
group by customer_id, bought_on
