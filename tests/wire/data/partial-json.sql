# Partial JSON: changes of JSON values, logged as such (PARTIAL_UPDATE_ROWS). Made with a fixed seed; rows 1 to 6 are chosen.
CREATE TABLE partial (id INT PRIMARY KEY, a JSON, n INT, b JSON)
INSERT INTO partial VALUES (1,'{"a": 1, "bb": [1, 2, 3, {"deep": [10, 20]}], "with space": {"q\\"uote": true}, "tab\\t": 5, "ä": "ö", "pad00": "xxxxxxxxxxxxxxxxxxxx", "pad01": "xxxxxxxxxxxxxxxxxxxx", "pad02": "xxxxxxxxxxxxxxxxxxxx", "pad03": "xxxxxxxxxxxxxxxxxxxx", "pad04": "xxxxxxxxxxxxxxxxxxxx"}',1,'[1, 2.5, "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy", [4, [5, {}]], {"k": null}, "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz"]')
INSERT INTO partial VALUES (2,'{"a": 1, "bb": [1, 2, 3, {"deep": [10, 20]}], "with space": {"q\\"uote": true}, "tab\\t": 5, "ä": "ö", "pad00": "xxxxxxxxxxxxxxxxxxxx", "pad01": "xxxxxxxxxxxxxxxxxxxx", "pad02": "xxxxxxxxxxxxxxxxxxxx", "pad03": "xxxxxxxxxxxxxxxxxxxx", "pad04": "xxxxxxxxxxxxxxxxxxxx"}',2,'[1, 2.5, "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy", [4, [5, {}]], {"k": null}, "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz"]')
INSERT INTO partial VALUES (3,'{"a": 1, "bb": [1, 2, 3, {"deep": [10, 20]}], "with space": {"q\\"uote": true}, "tab\\t": 5, "ä": "ö", "pad00": "xxxxxxxxxxxxxxxxxxxx", "pad01": "xxxxxxxxxxxxxxxxxxxx", "pad02": "xxxxxxxxxxxxxxxxxxxx", "pad03": "xxxxxxxxxxxxxxxxxxxx", "pad04": "xxxxxxxxxxxxxxxxxxxx"}',3,'[1, 2.5, "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy", [4, [5, {}]], {"k": null}, "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz"]')
INSERT INTO partial VALUES (4,'{"a": 1, "bb": [1, 2, 3, {"deep": [10, 20]}], "with space": {"q\\"uote": true}, "tab\\t": 5, "ä": "ö", "pad00": "xxxxxxxxxxxxxxxxxxxx", "pad01": "xxxxxxxxxxxxxxxxxxxx", "pad02": "xxxxxxxxxxxxxxxxxxxx", "pad03": "xxxxxxxxxxxxxxxxxxxx", "pad04": "xxxxxxxxxxxxxxxxxxxx"}',4,'[1, 2.5, "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy", [4, [5, {}]], {"k": null}, "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz"]')
INSERT INTO partial VALUES (5,'{"a": 1, "bb": [1, 2, 3, {"deep": [10, 20]}], "with space": {"q\\"uote": true}, "tab\\t": 5, "ä": "ö", "pad00": "xxxxxxxxxxxxxxxxxxxx", "pad01": "xxxxxxxxxxxxxxxxxxxx", "pad02": "xxxxxxxxxxxxxxxxxxxx", "pad03": "xxxxxxxxxxxxxxxxxxxx", "pad04": "xxxxxxxxxxxxxxxxxxxx"}',5,'[1, 2.5, "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy", [4, [5, {}]], {"k": null}, "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz"]')
INSERT INTO partial VALUES (6,'{"a": 1, "bb": [1, 2, 3, {"deep": [10, 20]}], "with space": {"q\\"uote": true}, "tab\\t": 5, "ä": "ö", "pad00": "xxxxxxxxxxxxxxxxxxxx", "pad01": "xxxxxxxxxxxxxxxxxxxx", "pad02": "xxxxxxxxxxxxxxxxxxxx", "pad03": "xxxxxxxxxxxxxxxxxxxx", "pad04": "xxxxxxxxxxxxxxxxxxxx"}',6,'[1, 2.5, "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy", [4, [5, {}]], {"k": null}, "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz"]')
INSERT INTO partial VALUES (7,'{"a": 1, "bb": [1, 2, 3, {"deep": [10, 20]}], "with space": {"q\\"uote": true}, "tab\\t": 5, "ä": "ö", "pad00": "xxxxxxxxxxxxxxxxxxxx", "pad01": "xxxxxxxxxxxxxxxxxxxx", "pad02": "xxxxxxxxxxxxxxxxxxxx", "pad03": "xxxxxxxxxxxxxxxxxxxx", "pad04": "xxxxxxxxxxxxxxxxxxxx"}',7,'[1, 2.5, "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy", [4, [5, {}]], {"k": null}, "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz"]')
INSERT INTO partial VALUES (8,'{"a": 1, "bb": [1, 2, 3, {"deep": [10, 20]}], "with space": {"q\\"uote": true}, "tab\\t": 5, "ä": "ö", "pad00": "xxxxxxxxxxxxxxxxxxxx", "pad01": "xxxxxxxxxxxxxxxxxxxx", "pad02": "xxxxxxxxxxxxxxxxxxxx", "pad03": "xxxxxxxxxxxxxxxxxxxx", "pad04": "xxxxxxxxxxxxxxxxxxxx"}',8,'[1, 2.5, "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy", [4, [5, {}]], {"k": null}, "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz"]')
INSERT INTO partial VALUES (9,'{"a": 1, "bb": [1, 2, 3, {"deep": [10, 20]}], "with space": {"q\\"uote": true}, "tab\\t": 5, "ä": "ö", "pad00": "xxxxxxxxxxxxxxxxxxxx", "pad01": "xxxxxxxxxxxxxxxxxxxx", "pad02": "xxxxxxxxxxxxxxxxxxxx", "pad03": "xxxxxxxxxxxxxxxxxxxx", "pad04": "xxxxxxxxxxxxxxxxxxxx"}',9,'[1, 2.5, "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy", [4, [5, {}]], {"k": null}, "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz"]')
INSERT INTO partial VALUES (10,'{"a": 1, "bb": [1, 2, 3, {"deep": [10, 20]}], "with space": {"q\\"uote": true}, "tab\\t": 5, "ä": "ö", "pad00": "xxxxxxxxxxxxxxxxxxxx", "pad01": "xxxxxxxxxxxxxxxxxxxx", "pad02": "xxxxxxxxxxxxxxxxxxxx", "pad03": "xxxxxxxxxxxxxxxxxxxx", "pad04": "xxxxxxxxxxxxxxxxxxxx"}',10,'[1, 2.5, "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy", [4, [5, {}]], {"k": null}, "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz"]')
INSERT INTO partial VALUES (11,'{"a": 1, "bb": [1, 2, 3, {"deep": [10, 20]}], "with space": {"q\\"uote": true}, "tab\\t": 5, "ä": "ö", "pad00": "xxxxxxxxxxxxxxxxxxxx", "pad01": "xxxxxxxxxxxxxxxxxxxx", "pad02": "xxxxxxxxxxxxxxxxxxxx", "pad03": "xxxxxxxxxxxxxxxxxxxx", "pad04": "xxxxxxxxxxxxxxxxxxxx"}',11,'[1, 2.5, "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy", [4, [5, {}]], {"k": null}, "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz"]')
INSERT INTO partial VALUES (12,'{"a": 1, "bb": [1, 2, 3, {"deep": [10, 20]}], "with space": {"q\\"uote": true}, "tab\\t": 5, "ä": "ö", "pad00": "xxxxxxxxxxxxxxxxxxxx", "pad01": "xxxxxxxxxxxxxxxxxxxx", "pad02": "xxxxxxxxxxxxxxxxxxxx", "pad03": "xxxxxxxxxxxxxxxxxxxx", "pad04": "xxxxxxxxxxxxxxxxxxxx"}',12,'[1, 2.5, "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy", [4, [5, {}]], {"k": null}, "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz"]')
INSERT INTO partial VALUES (13,'{"a": 1, "bb": [1, 2, 3, {"deep": [10, 20]}], "with space": {"q\\"uote": true}, "tab\\t": 5, "ä": "ö", "pad00": "xxxxxxxxxxxxxxxxxxxx", "pad01": "xxxxxxxxxxxxxxxxxxxx", "pad02": "xxxxxxxxxxxxxxxxxxxx", "pad03": "xxxxxxxxxxxxxxxxxxxx", "pad04": "xxxxxxxxxxxxxxxxxxxx"}',13,'[1, 2.5, "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy", [4, [5, {}]], {"k": null}, "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz"]')
INSERT INTO partial VALUES (14,'{"a": 1, "bb": [1, 2, 3, {"deep": [10, 20]}], "with space": {"q\\"uote": true}, "tab\\t": 5, "ä": "ö", "pad00": "xxxxxxxxxxxxxxxxxxxx", "pad01": "xxxxxxxxxxxxxxxxxxxx", "pad02": "xxxxxxxxxxxxxxxxxxxx", "pad03": "xxxxxxxxxxxxxxxxxxxx", "pad04": "xxxxxxxxxxxxxxxxxxxx"}',14,'[1, 2.5, "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy", [4, [5, {}]], {"k": null}, "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz"]')
INSERT INTO partial VALUES (15,'{"a": 1, "bb": [1, 2, 3, {"deep": [10, 20]}], "with space": {"q\\"uote": true}, "tab\\t": 5, "ä": "ö", "pad00": "xxxxxxxxxxxxxxxxxxxx", "pad01": "xxxxxxxxxxxxxxxxxxxx", "pad02": "xxxxxxxxxxxxxxxxxxxx", "pad03": "xxxxxxxxxxxxxxxxxxxx", "pad04": "xxxxxxxxxxxxxxxxxxxx"}',15,'[1, 2.5, "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy", [4, [5, {}]], {"k": null}, "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz"]')
INSERT INTO partial VALUES (16,'{"a": 1, "bb": [1, 2, 3, {"deep": [10, 20]}], "with space": {"q\\"uote": true}, "tab\\t": 5, "ä": "ö", "pad00": "xxxxxxxxxxxxxxxxxxxx", "pad01": "xxxxxxxxxxxxxxxxxxxx", "pad02": "xxxxxxxxxxxxxxxxxxxx", "pad03": "xxxxxxxxxxxxxxxxxxxx", "pad04": "xxxxxxxxxxxxxxxxxxxx"}',16,'[1, 2.5, "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy", [4, [5, {}]], {"k": null}, "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz"]')
SET binlog_row_value_options='PARTIAL_JSON'
UPDATE partial SET a=JSON_SET(a,'$.a',2), b=JSON_SET(b,'$[3][1][0]',CAST('55.50' AS DECIMAL(4,2))) WHERE id=1
UPDATE partial SET a=JSON_REMOVE(a,'$.bb[1]','$."with space"."q\\"uote"') WHERE id=2
UPDATE partial SET a=JSON_SET(a,'$."tab\\t"',6,'$."ä"','é','$.new',JSON_OBJECT('x',1,'long name',2)) WHERE id=3
UPDATE partial SET n=n+1 WHERE id=4
UPDATE partial SET a=NULL, b=JSON_REPLACE(b,'$[0]',CAST('2020-01-01 00:00:00.5' AS DATETIME(6))) WHERE id=5
UPDATE partial SET a=JSON_SET(a,'$.bb[3].deep[0]',JSON_ARRAY(),'$.bb[3].deep[1]',1), a=JSON_REMOVE(a,'$.pad00') WHERE id=6
UPDATE partial SET a=JSON_SET(a,'$.a',1) WHERE id=5
DELETE FROM partial WHERE id=4
UPDATE partial SET b=JSON_SET(b,'$[4].kk','text') WHERE id=12
UPDATE partial SET a=JSON_SET(a,'$.bb[0]',1.5e0), b=JSON_SET(b,'$[4].kk',1.5e0) WHERE id=12
UPDATE partial SET b=JSON_SET(b,'$[5]',REPEAT('w',30)) WHERE id=7
UPDATE partial SET a=JSON_SET(a,'$.bb[3].n',JSON_ARRAY(1,2,JSON_OBJECT())), b=JSON_SET(b,'$[5]',TRUE) WHERE id=13
UPDATE partial SET b=JSON_REPLACE(b,'$[1]',CAST(18446744073709551615 AS UNSIGNED)) WHERE id=15
UPDATE partial SET a=JSON_REMOVE(a,'$.bb[3].n'), b=JSON_REMOVE(JSON_REMOVE(b,'$[5]'),'$[3][1]') WHERE id=8
UPDATE partial SET a=JSON_SET(a,'$.bb[0]',REPEAT('w',30)), b=JSON_REMOVE(JSON_SET(JSON_REPLACE(b,'$[4].k',TRUE),'$[1]',CAST(18446744073709551615 AS UNSIGNED)),'$[2]') WHERE id=11
UPDATE partial SET a=JSON_REPLACE(JSON_SET(JSON_REMOVE(a,'$.bb'),'$.bb[3].n',REPEAT('w',30)),'$."with space".n',NULL), b=JSON_SET(JSON_REMOVE(JSON_SET(b,'$[1]',TRUE),'$[9]'),'$[0]',TRUE) WHERE id=12
UPDATE partial SET a=JSON_SET(JSON_SET(JSON_REPLACE(a,'$.bb[3].deep',REPEAT('w',30)),'$.zz',1),'$."with space"',JSON_ARRAY(1,2,JSON_OBJECT())) WHERE id=12
UPDATE partial SET a=JSON_REPLACE(JSON_REMOVE(JSON_SET(a,'$.bb[3].deep',-7),'$.bb[3].n'),'$.bb[2]',1.5e0) WHERE id=13
UPDATE partial SET b=JSON_SET(b,'$[3]',JSON_OBJECT('b',1,'a',JSON_ARRAY(NULL))) WHERE id=13
UPDATE partial SET a=JSON_REPLACE(a,'$."with space"',1), b=JSON_SET(JSON_REPLACE(b,'$[2]',CAST(18446744073709551615 AS UNSIGNED)),'$[4].k',CAST(18446744073709551615 AS UNSIGNED)) WHERE id=7
UPDATE partial SET a=JSON_SET(JSON_SET(JSON_SET(a,'$.zz',1.5e0),'$.bb[3].deep[0]','text'),'$.pad04',JSON_ARRAY(1,2,JSON_OBJECT())), b=JSON_SET(b,'$[0]',REPEAT('w',30)) WHERE id=13
UPDATE partial SET a=JSON_REMOVE(JSON_SET(a,'$.bb[0]',JSON_OBJECT('b',1,'a',JSON_ARRAY(NULL))),'$.bb[2]') WHERE id=9
UPDATE partial SET b=JSON_REMOVE(b,'$[4].k') WHERE id=12
UPDATE partial SET a=JSON_SET(a,'$.bb[1]',NULL) WHERE id=14
UPDATE partial SET b=JSON_SET(b,'$[4].kk',NULL) WHERE id=14
UPDATE partial SET a=JSON_REPLACE(a,'$.zzz.b',NULL) WHERE id=15
UPDATE partial SET b=JSON_SET(JSON_SET(b,'$[5]',JSON_OBJECT('b',1,'a',JSON_ARRAY(NULL))),'$[3][1][1]',JSON_OBJECT('b',1,'a',JSON_ARRAY(NULL))) WHERE id=12
UPDATE partial SET a=JSON_REMOVE(JSON_SET(a,'$.a',TRUE),'$.bb[9]'), b=JSON_REPLACE(JSON_REMOVE(b,'$[3][1]'),'$[1]',JSON_OBJECT('b',1,'a',JSON_ARRAY(NULL))) WHERE id=10
UPDATE partial SET a=JSON_REPLACE(a,'$.bb[3].deep[0]',-7) WHERE id=8
UPDATE partial SET b=JSON_REMOVE(JSON_SET(b,'$[9]','text'),'$[3]') WHERE id=16
UPDATE partial SET b=JSON_REMOVE(JSON_SET(b,'$[3][1][1]',-7),'$[1]') WHERE id=14
UPDATE partial SET a=JSON_SET(a,'$.bb[2]',REPEAT('w',30)) WHERE id=9
UPDATE partial SET b=JSON_SET(JSON_SET(JSON_REPLACE(b,'$[2]',CAST(18446744073709551615 AS UNSIGNED)),'$[0]',1),'$[4].kk',JSON_ARRAY(1,2,JSON_OBJECT())) WHERE id=9
UPDATE partial SET b=JSON_SET(b,'$[3][0]',JSON_OBJECT('b',1,'a',JSON_ARRAY(NULL))) WHERE id=13
UPDATE partial SET a=JSON_SET(JSON_REPLACE(a,'$.bb[3].n',1.5e0),'$.bb',NULL) WHERE id=11
UPDATE partial SET b=JSON_SET(b,'$[4].kk',CAST(18446744073709551615 AS UNSIGNED)) WHERE id=16
UPDATE partial SET a=JSON_SET(a,'$.bb[2]',-7) WHERE id=16
UPDATE partial SET a=JSON_SET(JSON_REMOVE(a,'$.bb[1]'),'$.bb[3].deep[7]',JSON_OBJECT('b',1,'a',JSON_ARRAY(NULL))), b=JSON_REMOVE(b,'$[4].kk') WHERE id=8
UPDATE partial SET a=JSON_REPLACE(a,'$.pad04',CAST(18446744073709551615 AS UNSIGNED)), b=JSON_REMOVE(JSON_SET(JSON_SET(b,'$[4].kk',TRUE),'$[4].k',JSON_ARRAY(1,2,JSON_OBJECT())),'$[1]') WHERE id=14
UPDATE partial SET a=JSON_SET(a,'$.pad03.x','text'), b=JSON_SET(JSON_SET(b,'$[2]',NULL),'$[3][0]',JSON_ARRAY(1,2,JSON_OBJECT())) WHERE id=13
UPDATE partial SET a=JSON_REMOVE(a,'$.zz'), b=JSON_SET(b,'$[3][1][1]',CAST(18446744073709551615 AS UNSIGNED)) WHERE id=14
UPDATE partial SET a=JSON_REPLACE(a,'$."with space".n','text') WHERE id=13
UPDATE partial SET a=JSON_REPLACE(JSON_REMOVE(JSON_REMOVE(a,'$.a'),'$."with space".n'),'$.zzz.b','text'), b=JSON_SET(b,'$[1]',TRUE) WHERE id=7
UPDATE partial SET a=JSON_REPLACE(a,'$.bb[2]',1.5e0) WHERE id=11
UPDATE partial SET a=JSON_SET(JSON_SET(JSON_REPLACE(a,'$.bb[0]',TRUE),'$.bb[3].deep',1.5e0),'$.bb[9]',1) WHERE id=11
UPDATE partial SET a=JSON_SET(a,'$.bb[9]','text'), b=JSON_SET(JSON_REMOVE(b,'$[3][0]'),'$[0]',CAST(18446744073709551615 AS UNSIGNED)) WHERE id=11
UPDATE partial SET a=JSON_REPLACE(a,'$."with space"',CAST(18446744073709551615 AS UNSIGNED)) WHERE id=11
UPDATE partial SET a=JSON_REPLACE(a,'$."ä"',1) WHERE id=11
UPDATE partial SET a=JSON_REMOVE(a,'$.bb[3].deep[7]') WHERE id=7
UPDATE partial SET a=JSON_REMOVE(JSON_REPLACE(JSON_REPLACE(a,'$.bb[3].deep[0]',JSON_OBJECT('b',1,'a',JSON_ARRAY(NULL))),'$.bb[3].deep[0]',JSON_ARRAY(1,2,JSON_OBJECT())),'$."ä"') WHERE id=14
UPDATE partial SET a=JSON_SET(JSON_REMOVE(a,'$.bb[3].deep'),'$.bb[0]',1.5e0) WHERE id=9
UPDATE partial SET a=JSON_SET(JSON_SET(a,'$.pad04',JSON_ARRAY(1,2,JSON_OBJECT())),'$.bb[9]',-7), b=JSON_SET(JSON_REPLACE(b,'$[4].kk',NULL),'$[0]',TRUE) WHERE id=11
UPDATE partial SET a=JSON_REPLACE(a,'$.pad03','text'), b=JSON_SET(b,'$[4].kk',1) WHERE id=10
UPDATE partial SET a=JSON_SET(a,'$.pad03',REPEAT('w',30)), b=JSON_REPLACE(b,'$[3][0]',JSON_OBJECT('b',1,'a',JSON_ARRAY(NULL))) WHERE id=8
UPDATE partial SET a=JSON_REMOVE(a,'$."with space".n') WHERE id=8
UPDATE partial SET a=JSON_SET(a,'$.zzz.b',1.5e0) WHERE id=14
UPDATE partial SET a=JSON_SET(a,'$.bb[0]',1), b=JSON_SET(JSON_SET(b,'$[3][1][1]',-7),'$[9]',1) WHERE id=15
UPDATE partial SET b=JSON_REMOVE(b,'$[1]') WHERE id=15
UPDATE partial SET b=JSON_REMOVE(b,'$[3][0]') WHERE id=15
UPDATE partial SET b=JSON_SET(b,'$[9]',-7) WHERE id=8
UPDATE partial SET b=JSON_SET(JSON_SET(b,'$[5]',JSON_OBJECT('b',1,'a',JSON_ARRAY(NULL))),'$[5]',JSON_ARRAY(1,2,JSON_OBJECT())) WHERE id=14
UPDATE partial SET a=JSON_SET(JSON_SET(a,'$.a',-7),'$.zz',TRUE) WHERE id=12
UPDATE partial SET b=JSON_REMOVE(JSON_SET(JSON_REMOVE(b,'$[1]'),'$[3][0]','text'),'$[0]') WHERE id=11
UPDATE partial SET a=JSON_SET(JSON_SET(JSON_REPLACE(a,'$.pad03',JSON_OBJECT('b',1,'a',JSON_ARRAY(NULL))),'$.bb[0]',REPEAT('w',30)),'$.bb[2]',CAST(18446744073709551615 AS UNSIGNED)), b=JSON_REPLACE(JSON_SET(b,'$[5]',CAST(18446744073709551615 AS UNSIGNED)),'$[1]',NULL) WHERE id=11
UPDATE partial SET a=JSON_REMOVE(JSON_SET(JSON_REMOVE(a,'$.a'),'$.a',-7),'$.pad03'), b=JSON_REMOVE(b,'$[3][1]') WHERE id=10
UPDATE partial SET a=JSON_REMOVE(JSON_SET(a,'$."with space".n',NULL),'$.bb[1]') WHERE id=13
UPDATE partial SET a=JSON_REMOVE(a,'$.pad03') WHERE id=11
UPDATE partial SET a=JSON_SET(JSON_SET(JSON_REPLACE(a,'$.bb',TRUE),'$.bb',TRUE),'$.bb[3].deep[7]',TRUE), b=JSON_SET(JSON_SET(b,'$[3][1]',1.5e0),'$[9]',1.5e0) WHERE id=16
UPDATE partial SET a=JSON_SET(a,'$.pad03.x',-7) WHERE id=15
UPDATE partial SET b=JSON_SET(b,'$[2]',-7) WHERE id=9
UPDATE partial SET a=JSON_SET(JSON_REPLACE(a,'$.bb[9]',1.5e0),'$."with space"',-7), b=JSON_REMOVE(JSON_SET(JSON_SET(b,'$[2]',JSON_ARRAY(1,2,JSON_OBJECT())),'$[3]',CAST(18446744073709551615 AS UNSIGNED)),'$[4].kk') WHERE id=13
UPDATE partial SET a=JSON_SET(JSON_REMOVE(a,'$.pad03.x'),'$.bb[3].n',JSON_OBJECT('b',1,'a',JSON_ARRAY(NULL))), b=JSON_REPLACE(b,'$[4].kk','text') WHERE id=10
UPDATE partial SET a=JSON_REMOVE(JSON_SET(a,'$.a',1.5e0),'$.pad03.x') WHERE id=12
UPDATE partial SET a=JSON_REPLACE(JSON_SET(a,'$.zz',TRUE),'$.bb[2]',CAST(18446744073709551615 AS UNSIGNED)), b=JSON_SET(b,'$[3][0]',JSON_OBJECT('b',1,'a',JSON_ARRAY(NULL))) WHERE id=10
UPDATE partial SET a=JSON_REMOVE(JSON_SET(JSON_REMOVE(a,'$."with space"'),'$.bb[2]',1),'$.zz') WHERE id=13
UPDATE partial SET a=JSON_SET(JSON_SET(JSON_REMOVE(a,'$.pad04'),'$.bb[1]',JSON_OBJECT('b',1,'a',JSON_ARRAY(NULL))),'$.bb[2]',CAST(18446744073709551615 AS UNSIGNED)) WHERE id=14
UPDATE partial SET a=JSON_SET(a,'$.bb[2]',JSON_OBJECT('b',1,'a',JSON_ARRAY(NULL))), b=JSON_REPLACE(b,'$[2]',TRUE) WHERE id=14
UPDATE partial SET a=JSON_SET(JSON_SET(a,'$.pad03',TRUE),'$.a',1), b=JSON_SET(JSON_REMOVE(JSON_REPLACE(b,'$[3][1]',JSON_OBJECT('b',1,'a',JSON_ARRAY(NULL))),'$[4].kk'),'$[4].kk',JSON_OBJECT('b',1,'a',JSON_ARRAY(NULL))) WHERE id=8
UPDATE partial SET a=JSON_REMOVE(a,'$.pad03.x'), b=JSON_REMOVE(b,'$[3][1]') WHERE id=11
UPDATE partial SET a=JSON_REMOVE(JSON_REMOVE(a,'$."ä"'),'$.bb[3].deep[0]'), b=JSON_SET(JSON_SET(b,'$[3]',-7),'$[3][0]',JSON_OBJECT('b',1,'a',JSON_ARRAY(NULL))) WHERE id=10
